using Npgsql;

namespace Eco2.My.Profiles;

/// <summary>The user, to the user.</summary>
/// <param name="Id">The account.</param>
/// <param name="DisplayName">Nickname, else the provider's name, else 사용자.</param>
/// <param name="Username">The same, for old clients.</param>
/// <param name="Nickname">As chosen.</param>
/// <param name="Email">Where the provider gave one.</param>
/// <param name="PhoneNumber">E.164.</param>
/// <param name="ProfileImageUrl">Where the provider gave one.</param>
/// <param name="Provider">password, google …</param>
/// <param name="LastLoginAt">UTC.</param>
/// <param name="CreatedAt">UTC.</param>
internal sealed record Profile(
    Guid Id,
    string DisplayName,
    string Username,
    string? Nickname,
    string? Email,
    string? PhoneNumber,
    string? ProfileImageUrl,
    string Provider,
    DateTimeOffset? LastLoginAt,
    DateTimeOffset CreatedAt)
{
    /// <summary>What the tag holds, of a row as it is stored.</summary>
    public const string Version = "left(encode(sha256(convert_to(profiles::text, 'UTF8')), 'hex'), 24)";

    public const string Columns = $"user_id, nickname, name, email, phone_number, profile_image_url, provider, last_login_at, created_at, {Version}";

    /// <summary>Another one whenever anything in the row is another.</summary>
    public static string Tag(NpgsqlDataReader row) => $"\"{row.GetString(9)}\"";

    public static Profile Read(NpgsqlDataReader row)
    {
        var nickname = Text(row, 1);
        var shown = nickname ?? Text(row, 2) ?? "사용자";
        return new Profile(
            row.GetGuid(0),
            shown,
            shown,
            nickname,
            Text(row, 3),
            Text(row, 4),
            Text(row, 5),
            row.GetString(6),
            row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7),
            row.GetFieldValue<DateTimeOffset>(8));
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
