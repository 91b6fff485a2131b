using System.Net;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Where people were is forgotten when its time is over, and no earlier; two replicas do it at once.</summary>
public sealed class SweepTracesTests : AuthTest
{
    private Person person = null!;
    private ServiceHost replica = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        person = await Person.SignUpAsync(host, "traces@example.com", ("X-Client-Address", "192.0.2.7"), ("User-Agent", "Test/1"));
        replica = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, db.ConnectionString, clock, "Auth:PasswordIterations=1000");
    }

    public override async Task DisposeAsync()
    {
        await replica.DisposeAsync();
        await base.DisposeAsync();
    }

    [Theory]
    [InlineData("insert into sessions (id, account_id, provider, created_at, last_used_at, expires_at, revoked_at) values (gen_random_uuid(), '{id}', 'password', '{at}', '{at}', '{later}', '{at}')", "sessions where revoked_at is not null", 30)]
    [InlineData("insert into sessions (id, account_id, provider, created_at, last_used_at, expires_at) values (gen_random_uuid(), '{id}', 'password', '{at}', '{at}', '{at}')", "sessions where id <> '{sid}'", 30)]
    [InlineData("insert into refresh_tokens (hash, session_id, issued_at, expires_at) values (gen_random_uuid()::text::bytea, '{sid}', '{at}', '{at}')", "refresh_tokens where issued_at = expires_at", 1)]
    [InlineData("insert into ended_sessions (id, account_id, revoked_at) values (gen_random_uuid(), '{id}', '{at}')", "ended_sessions", 1)]
    [InlineData("insert into audit_once (name, at) values (gen_random_uuid()::text, '{at}')", "audit_once", 2)]
    public async Task What_is_old_goes_and_what_is_younger_by_a_minute_stays(string insert, string rows, int days)
    {
        await AddAsync(insert, TimeSpan.FromDays(days) + TimeSpan.FromMinutes(1));
        await AddAsync(insert, TimeSpan.FromDays(days) - TimeSpan.FromMinutes(1));
        Assert.Equal(2, await CountAsync(rows));

        await SweepAsync();

        Assert.Equal(1, await CountAsync(rows));
        Assert.Equal(1, await CountAsync("sessions where id = '{sid}'"));
    }

    [Fact]
    public async Task More_than_a_batch_goes_in_one_round_of_two_replicas()
    {
        await RunAsync($"insert into ended_sessions (id, account_id, revoked_at) select gen_random_uuid(), '{person.Id}', '{clock.GetUtcNow() - TimeSpan.FromDays(2):O}' from generate_series(1, 2500)");

        await SweepAsync();

        Assert.Equal(0, await CountAsync("ended_sessions"));
    }

    [Fact]
    public async Task The_audit_forgets_addresses_after_90_days_and_keeps_every_entry_and_its_chain()
    {
        var chain = await db.ScalarAsync<string>("select string_agg(encode(hash, 'hex'), ' ' order by seq) from audit");
        clock.Advance(TimeSpan.FromDays(90) - TimeSpan.FromMinutes(1));
        await SweepAsync();
        Assert.Equal(1, await CountAsync("audit where address = '192.0.2.7' and user_agent = 'Test/1' and salt is not null"));

        clock.Advance(TimeSpan.FromMinutes(2));
        await SweepAsync();

        Assert.Equal(0, await CountAsync("audit where address is not null or user_agent is not null or salt is not null"));
        Assert.Equal(chain, await db.ScalarAsync<string>("select string_agg(encode(hash, 'hex'), ' ' order by seq) from audit"));
    }

    private Task AddAsync(string sql, TimeSpan age) => RunAsync(Fill(sql)
        .Replace("{at}", $"{clock.GetUtcNow() - age:O}", StringComparison.Ordinal).Replace("{later}", $"{clock.GetUtcNow() + age:O}", StringComparison.Ordinal));

    private Task<long> CountAsync(string rows) => db.ScalarAsync<long>($"select count(*) from {Fill(rows)}");

    private string Fill(string sql) => sql.Replace("{id}", person.Id.ToString(), StringComparison.Ordinal).Replace("{sid}", person.Session.ToString(), StringComparison.Ordinal);

    private async Task RunAsync(string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task SweepAsync()
    {
        foreach (var answer in await Task.WhenAll(new[] { host, replica }.Select(one => one.Client.PostAsync(new Uri("/retention", UriKind.Relative), null))))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }
}
