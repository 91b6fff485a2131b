using Eco2.Contracts.Image;
using Eco2.Contracts.Media;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Image.Pictures;

/// <summary>A picture as the database knows it.</summary>
internal sealed record PictureRow(
    ImageKey Key,
    string Status,
    string? Metadata,
    string DeclaredType,
    long DeclaredBytes,
    string? DeclaredSha256,
    string? ContentType,
    int Width,
    int Height,
    long Bytes,
    string? Sha256,
    DateTimeOffset? ExpiresAt)
{
    private const string Find =
        """
        select status, metadata, declared_type, declared_bytes, declared_sha256, content_type, width, height, bytes, sha256, expires_at
        from images where key = $1 and owner_id = $2 and status <> 'deleted'
        """;

    private const string Insert =
        """
        insert into images (key, channel, owner_id, status, filename, metadata, declared_type, declared_bytes, declared_sha256, created_at, expires_at)
        values ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9, $10)
        """;

    private const string Finish =
        """
        update images set status = 'ready', content_type = $3, width = $4, height = $5, bytes = $6, sha256 = $7, ready_at = $8, expires_at = null
        where key = $1 and owner_id = $2 and status = 'pending'
        """;

    public bool IsReady => Status == "ready";

    public bool IsOpen(DateTimeOffset now) => Status == "pending" && ExpiresAt > now;

    public StoredImage Stored() => new(Key.ToString(), Key.Channel, Key.OwnerId, ContentType!, Width, Height, Bytes, Sha256!, Key.Url);

    public static async Task<PictureRow?> FindAsync(NpgsqlDataSource db, ImageKey key, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(key.OwnerId, Find, [key.ToString(), key.OwnerId], ct);
        return await row.ReadAsync(ct)
            ? new PictureRow(
                key,
                row.GetString(0),
                Text(row, 1),
                row.GetString(2),
                row.GetInt64(3),
                Text(row, 4),
                Text(row, 5),
                row.IsDBNull(6) ? 0 : row.GetInt32(6),
                row.IsDBNull(7) ? 0 : row.GetInt32(7),
                row.IsDBNull(8) ? 0 : row.GetInt64(8),
                Text(row, 9),
                row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10))
            : null;
    }

    public static async Task InsertAsync(
        NpgsqlDataSource db, PictureRow picture, string? filename, DateTimeOffset now, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(picture.Key.OwnerId, ct);
        await using var insert = work.Command(
            Insert,
            picture.Key.ToString(),
            picture.Key.Channel,
            picture.Key.OwnerId,
            filename,
            picture.Metadata,
            picture.DeclaredType,
            picture.DeclaredBytes,
            picture.DeclaredSha256,
            now,
            picture.ExpiresAt);
        await insert.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
    }

    /// <summary>Of two uploads at once to one address the first one counts; both stored the same announced content.</summary>
    public static async Task FinishAsync(NpgsqlDataSource db, ImageKey key, NormalizedImage found, DateTimeOffset now, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(key.OwnerId, ct);
        await using var finish = work.Command(
            Finish, key.ToString(), key.OwnerId, found.ContentType, found.Width, found.Height, found.Bytes, found.Sha256, now);
        await finish.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
