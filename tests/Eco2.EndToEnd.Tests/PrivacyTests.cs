using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>A user takes everything along, and then goes; the worker dies in the middle of both.</summary>
[Collection(SharedSystem.Name)]
public sealed class PrivacyTests(EcoSystem system)
{
    [Fact]
    public async Task An_export_holds_everything_although_the_worker_dies_and_nobody_else_gets_it()
    {
        using var user = await User.SignUpAsync(system);
        using var stranger = await User.SignUpAsync(system);
        var picture = await user.UploadAsync();
        var job = await user.SubmitAsync("생수병");
        await user.EventsAsync(job.StreamUrl);
        await Eventually.TrueAsync(async () => (await user.ResultAsync(job)).Status == "completed", "the history knows the result");

        using var asked = await user.Http.PostAsync(new Uri("/api/v1/users/me/exports", UriKind.Relative), null);
        var export = await asked.Content.ReadFromJsonAsync<JsonElement>();
        await system.KillAsync("worker");
        using var again = await user.Http.PostAsync(new Uri("/api/v1/users/me/exports", UriKind.Relative), null);
        var status = export.GetProperty("status_url").GetString()!;
        var done = await UntilAsync(user.Http, status, answer => answer.GetProperty("status").GetString() != "running");

        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.Equal(("succeeded", 100), (done.GetProperty("status").GetString(), done.GetProperty("progress").GetInt32()));
        Assert.All(done.GetProperty("steps").EnumerateArray(), step => Assert.Equal("succeeded", step.GetProperty("status").GetString()));
        var archive = done.GetProperty("archive_url").GetString()!;
        using var zip = new ZipArchive(new MemoryStream(await user.Http.GetByteArrayAsync(archive)));
        Assert.Superset(
            new HashSet<string> { "account.json", "profile.json", "scans.json", "pictures.json", "characters.json", "jobs.json", "README.txt" },
            zip.Entries.Select(entry => entry.FullName).ToHashSet());
        Assert.Contains(zip.Entries, entry => entry.FullName.StartsWith("pictures/scan-", StringComparison.Ordinal) && entry.FullName.Contains(picture.Key.Split('/')[^1], StringComparison.Ordinal) && entry.Length == picture.Bytes);
        Assert.Equal("생수병", Read(zip, "scans.json").GetProperty("scans")[0].GetProperty("user_input").GetString());
        var account = Read(zip, "account.json").GetProperty("accounts")[0];
        Assert.Equal(user.Id, account.GetProperty("id").GetGuid());
        Assert.False(account.TryGetProperty("password_hash", out _));
        Assert.NotEmpty(Read(zip, "account.json").GetProperty("audit").EnumerateArray());
        foreach (var path in (string[])[status, archive])
        {
            using var foreign = await stranger.Http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal((path, HttpStatusCode.NotFound), (path, foreign.StatusCode));
        }
    }

    [Fact]
    public async Task A_deletion_leaves_nothing_anywhere_although_the_worker_dies_and_late_messages_bring_nothing_back()
    {
        using var user = await User.SignUpAsync(system);
        using var nobody = new HttpClient { BaseAddress = system.Url };
        await user.UploadAsync();
        var ended = await user.SubmitAsync("생수병");
        await user.EventsAsync(ended.StreamUrl);
        await Eventually.TrueAsync(async () => (await user.ResultAsync(ended)).Status == "completed", "the history knows the result");
        using var asked = await user.Http.PostAsync(new Uri("/api/v1/users/me/exports", UriKind.Relative), null);
        var export = await asked.Content.ReadFromJsonAsync<JsonElement>();
        await UntilAsync(user.Http, export.GetProperty("status_url").GetString()!, answer => answer.GetProperty("status").GetString() == "succeeded");

        JsonElement receipt;
        using (system.Models.Hold(ModelServer.Vision))
        {
            // One scan is under way, and what it tells comes late.
            await user.SubmitAsync(model: null);
            using var delete = await user.Http.DeleteAsync(new Uri("/api/v1/users/me", UriKind.Relative));
            Assert.Equal(HttpStatusCode.Accepted, delete.StatusCode);
            var answer = await delete.Content.ReadFromJsonAsync<JsonElement>();
            await system.KillAsync("worker");
            await Eventually.TrueAsync(async () => (await user.Http.GetAsync(new Uri("/api/v1/users/me", UriKind.Relative))).StatusCode == HttpStatusCode.Unauthorized, "the session is over");
            receipt = await UntilAsync(nobody, answer.GetProperty("receipt_url").GetString()!, at => at.GetProperty("status").GetString() != "running");
        }

        Assert.Equal(("succeeded", 100), (receipt.GetProperty("status").GetString(), receipt.GetProperty("progress").GetInt32()));
        Assert.DoesNotContain(user.Id.ToString(), receipt.GetRawText(), StringComparison.OrdinalIgnoreCase);
        var removed = receipt.GetProperty("steps").EnumerateArray().Where(step => step.TryGetProperty("removed", out _)).ToDictionary(step => step.GetProperty("name").GetString()!, step => step.GetProperty("removed"));
        Assert.Equal(2, removed["scans"].GetProperty("scans").GetInt32());
        Assert.Equal(3, removed["pictures"].GetProperty("images").GetInt32());
        Assert.Equal(1, removed["account"].GetProperty("accounts").GetInt32());
        Assert.Equal(1, removed["profile"].GetProperty("profiles").GetInt32());
        Assert.True(removed["jobs"].GetProperty("job_logs").GetInt32() >= 1);
        Assert.Empty(await FindRowsAsync(user.Id));
        Assert.DoesNotContain(
            Directory.GetFiles(Path.Combine(system.State, "objects"), "*", SearchOption.AllDirectories),
            file => file.Contains(user.Id.ToString(), StringComparison.OrdinalIgnoreCase) || file.Contains(export.GetProperty("id").GetString()!, StringComparison.OrdinalIgnoreCase));
        using var signIn = await nobody.PostAsJsonAsync("/api/v1/auth/sign-in", new { email = user.Email, password = User.Password });
        Assert.Equal(HttpStatusCode.Unauthorized, signIn.StatusCode);
    }

    /// <summary>Rows of the user in any schema, but for what a deletion leaves on purpose: tombstones, audit entries, ids of ended sessions.</summary>
    private async Task<List<string>> FindRowsAsync(Guid userId)
    {
        await using var db = NpgsqlDataSource.Create(system.Postgres);
        var found = new List<string>();
        await using var tables = db.CreateCommand("select schemaname || '.' || tablename from pg_tables where schemaname in ('auth', 'my', 'scan', 'image', 'character') order by 1");
        await using var table = await tables.ExecuteReaderAsync();
        while (await table.ReadAsync())
        {
            var name = table.GetString(0);
            await using var count = db.CreateCommand($"select count(*) from {name} t where to_jsonb(t)::text like '%{userId}%'");
            if (name.Split('.')[1] is not ("erased_users" or "audit" or "ended_sessions" or "outbox") && await count.ExecuteScalarAsync() is not 0L)
            {
                found.Add(name);
            }
        }

        return found;
    }

    private static JsonElement Read(ZipArchive zip, string name)
    {
        using var stream = zip.GetEntry(name)!.Open();
        return JsonSerializer.Deserialize<JsonElement>(stream);
    }

    private static async Task<JsonElement> UntilAsync(HttpClient http, string path, Func<JsonElement, bool> holds)
    {
        JsonElement answer = default;
        await Eventually.TrueAsync(async () => holds(answer = await http.GetFromJsonAsync<JsonElement>(path)), path, TimeSpan.FromSeconds(90));
        return answer;
    }
}
