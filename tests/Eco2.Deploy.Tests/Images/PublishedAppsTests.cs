using System.Net;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Images;

/// <summary>Each image's folder, started by the image's entry point where nothing can be written.</summary>
[Collection("logins")]
public sealed class PublishedAppsTests(PublishedApps apps) : IClassFixture<PublishedApps>
{
    private static readonly HttpClient Http = new();

    public static TheoryData<string> Targets => [.. Dockerfile.Load(Dockerfile.Dotnet).Targets, .. Dockerfile.Load(Dockerfile.Media).Targets];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task An_image_starts_as_another_user_on_a_read_only_tree_and_says_that_it_lives(string target)
    {
        var file = Dockerfile.Load(target == "media" ? Dockerfile.Media : Dockerfile.Dotnet);
        var port = ChildServer.FreePort();
        var environment = file.Environment(target);
        var inside = environment["APP_PORT"];
        var given = new Dictionary<string, string>
        {
            ["DAPR_HTTP_ENDPOINT"] = "http://127.0.0.1:9",
            ["DAPR_GRPC_ENDPOINT"] = "http://127.0.0.1:9",
            ["DAPR_API_TOKEN"] = "sidecar",
            ["APP_API_TOKEN"] = "app",
            ["ECO2_POSTGRES"] = await PostgresCluster.CreateDatabaseAsync(),
        };
        var settings = environment.Select(pair => $"{pair.Key}={pair.Value.Replace(inside, $"{port}", StringComparison.Ordinal)}").Concat(given.Select(pair => $"{pair.Key}={pair.Value}"));
        // The machine has its Node elsewhere.
        var command = file.EntryPoint(target).Select(word => word == "/nodejs/bin/node" ? "node" : word);
        var work = Directory.CreateTempSubdirectory("eco2-box-").FullName;
        await using (Box.Start(Path.Combine(apps.Folder, target), file.Inherited(target).Last(i => i.Word == "USER").Rest.Split(':')[0], settings, command, work))
        {
            await Eventually.TrueAsync(() => LivesAsync(port), $"{target} answers /healthz; its log: {Path.Combine(work, "log")}", TimeSpan.FromSeconds(60));
            Assert.Equal(HttpStatusCode.Unauthorized, await AnswerAsync(port, target));
        }

        Directory.Delete(work, recursive: true);
    }

    /// <summary>The box itself: what it starts finds nothing to write to but /tmp, and is nobody.</summary>
    [Fact]
    public async Task In_the_box_only_tmp_can_be_written()
    {
        var work = Directory.CreateTempSubdirectory("eco2-box-").FullName;
        var script = "for d in / /mnt/app /mnt /home /var/tmp /dev/shm /run; do touch $d/eco2-was-here 2>/dev/null && echo $d; done; touch /tmp/x && echo tmp; id -u; grep CapEff /proc/self/status; echo end";
        await using (Box.Start(Path.Combine(apps.Folder, "gateway"), "1654", [], ["sh", "-c", script], work))
        {
            await Eventually.TrueAsync(() => File.Exists(Path.Combine(work, "log")) && File.ReadAllText(Path.Combine(work, "log")).Contains("end\n", StringComparison.Ordinal), "the box has ended");
        }

        var said = File.ReadAllLines(Path.Combine(work, "log"));
        Directory.Delete(work, recursive: true);
        Assert.Equal("tmp", said[0]);
        if (Environment.IsPrivilegedProcess)
        {
            Assert.Equal(["1654", "CapEff:\t0000000000000000", "end"], said[1..]);
        }
    }

    private static async Task<bool> LivesAsync(int port)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Beyond loopback nobody is believed who does not show the token; the gateway asks it of its sidecar's paths.</summary>
    private static async Task<HttpStatusCode> AnswerAsync(int port, string target)
    {
        using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{port}/{(target == "gateway" ? "dapr/config" : "internal/anything")}"));
        return answer.StatusCode;
    }
}
