using Eco2.Testing;
using Npgsql;

namespace Eco2.Faults;

/// <summary>What was published is delivered or lies in the dead letters: looked up in the database and in Redis, not asked of the system.</summary>
internal static class Delivered
{
    private const string Untold =
        """
        with granted as (select user_id, character_code as code from character.ownership), shown as (select user_id, code from my.characters)
        select count(*) from ((table granted except table shown) union all (table shown except table granted)) differ
        """;

    public static async Task CheckAsync(EcoRun run)
    {
        await using var db = NpgsqlDataSource.Create(run.Postgres);
        await Eventually.TrueAsync(async () => await CountAsync(db, Outboxes(await SchemasAsync(db))) == 0, "every outbox is empty", TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(
            async () => await CountAsync(db, "select count(*) from scan.scans where status = 'queued'") == 0,
            "the history knows the end of every scan",
            TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(
            async () => await CountAsync(db, Untold) == 0,
            "everybody's collection shows what was granted and nothing else",
            TimeSpan.FromSeconds(60));
    }

    private static string Outboxes(IEnumerable<string> schemas) => $"select {string.Join(" + ", schemas.Select(schema => $"(select count(*) from {schema}.outbox)"))}";

    private static async Task<List<string>> SchemasAsync(NpgsqlDataSource db)
    {
        await using var command = db.CreateCommand("select table_schema from information_schema.tables where table_name = 'outbox'");
        await using var row = await command.ExecuteReaderAsync();
        var schemas = new List<string>();
        while (await row.ReadAsync())
        {
            schemas.Add(row.GetString(0));
        }

        return schemas;
    }

    private static async Task<long> CountAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
