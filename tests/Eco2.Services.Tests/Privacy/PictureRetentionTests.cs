using System.Net;
using System.Text.Json;
using Eco2.Contracts.Image;
using Eco2.Services.Tests.Auth;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>Pictures go with their objects when their time is over, and no earlier; two replicas do it at once.</summary>
public sealed class PictureRetentionTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private readonly Guid[] users = [MyApp.NewId(), MyApp.NewId(), MyApp.NewId()];
    private readonly ServiceHost[] replicas = new ServiceHost[2];
    private TestSidecar sidecar = null!;
    private NpgsqlDataSource db = null!;
    private string postgres = "";

    public async Task InitializeAsync()
    {
        sidecar = await TestSidecar.StartAsync("image");
        postgres = await PostgresCluster.CreateDatabaseAsync();
        for (var i = 0; i < replicas.Length; i++)
        {
            replicas[i] = await ServiceHost.StartAsync(Eco2.Image.Program.Build, postgres, clock, sidecar.OptionsOf("image"));
        }

        await sidecar.AttachAsync("image", replicas[0].Address);
        db = NpgsqlDataSource.Create(postgres + ";Search Path=image");
    }

    public async Task DisposeAsync()
    {
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }

        await db.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task Each_user_keeps_pictures_for_as_long_as_they_said_and_their_objects_go_along()
    {
        var (usual, shorter, longer) = (users[0], users[1], users[2]);
        await SayAsync(shorter, 1, 2);
        await SayAsync(longer, 2, 365);
        await SayAsync(longer, 1, 1);
        foreach (var user in users)
        {
            await AddAsync(user, 1.9, 2.1, 29.9, 30.1, 364.9, 365.1);
        }

        await SweepAsync();

        Assert.Equal("1.9, 2.1, 29.9", await AgesAsync(usual));
        Assert.Equal("1.9", await AgesAsync(shorter));
        Assert.Equal("1.9, 2.1, 29.9, 30.1, 364.9", await AgesAsync(longer));
        Assert.Equal((9, 3, 15), (Objects(usual), Objects(shorter), Objects(longer)));
    }

    [Fact]
    public async Task Two_replicas_at_once_forget_more_than_a_batch_with_every_object()
    {
        await AddAsync(users[0], [.. Enumerable.Range(0, 130).Select(i => 31 + (i / 10.0))]);
        await AddAsync(users[0], 1);

        await SweepAsync();

        Assert.Equal(("1", 3), (await AgesAsync(users[0]), Objects(users[0])));
    }

    [Fact]
    public async Task While_objects_cannot_be_removed_their_rows_stay_and_go_the_next_time()
    {
        await AddAsync(users[0], 40);
        await using (var alone = await ServiceHost.StartAsync(Eco2.Image.Program.Build, postgres, clock))
        {
            // Its sidecar is away, and with it the store.
            alone.ExpectErrors();
            using var failed = await alone.Client.PostAsync("/retention", null);
            Assert.False(failed.IsSuccessStatusCode);
        }

        Assert.Equal(("40", 3), (await AgesAsync(users[0]), Objects(users[0])));
        await SweepAsync();

        Assert.Equal(("", 0), (await AgesAsync(users[0]), Objects(users[0])));
    }

    private async Task AddAsync(Guid user, params double[] ages)
    {
        foreach (var age in ages)
        {
            var key = $"scan/{user:D}/{MyApp.NewId():D}";
            await using var add = db.CreateCommand(
                $"""
                insert into images (key, channel, owner_id, status, declared_type, declared_bytes, created_at)
                values ('{key}', 'scan', '{user}', 'ready', 'image/jpeg', 3, '{clock.GetUtcNow() - TimeSpan.FromDays(age):O}')
                """);
            await add.ExecuteNonQueryAsync();
            foreach (var name in (string[])[ImageObjects.Original(key), ImageObjects.Vision(key), ImageObjects.Thumbnail(key)])
            {
                var file = new FileInfo(Path.Combine(sidecar.ObjectsFolder, name));
                file.Directory!.Create();
                await File.WriteAllTextAsync(file.FullName, "a picture");
            }
        }
    }

    private int Objects(Guid user) =>
        Directory.GetFiles(sidecar.ObjectsFolder, "*", SearchOption.AllDirectories).Count(file => file.Contains(user.ToString("D"), StringComparison.Ordinal));

    /// <summary>In days, of what is left of a user, the youngest first.</summary>
    private Task<string> AgesAsync(Guid user) => db.ScalarAsync<string>(
        $"select coalesce(string_agg(trim_scale(round(extract(epoch from '{clock.GetUtcNow():O}'::timestamptz - created_at) / 86400, 1))::text, ', ' order by created_at desc), '') from images where owner_id = '{user}'");

    private Task<JsonElement> SayAsync(Guid user, long version, int days) => MyApp.DeliverAsync(
        replicas[0],
        "retention-changed",
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + JsonSerializer.Serialize(new { user_id = user, version, result_days = 1095, picture_days = days }) + "}",
        "application/cloudevents+json");

    private async Task SweepAsync()
    {
        foreach (var answer in await Task.WhenAll(replicas.Select(replica => replica.Client.PostAsync("/retention", null))))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }
}
