using System.Text.Json;
using Xunit;

namespace Eco2.EndToEnd.Tests;

[Collection(SharedSystem.Name)]
public sealed class CommandTests(EcoSystem system)
{
    [Fact]
    public async Task Eco2_scan_prints_the_result_as_JSON()
    {
        var (exit, output) = await system.Eco2Async("scan", Path.Combine(EcoSystem.Root, "samples/rendered-plastic-bottle.jpg"), "--text", "생수병", "--model", "local", "--json");

        Assert.Equal((0, output), (exit, output));
        var result = JsonDocument.Parse(output).RootElement;
        Assert.Equal("completed", result.GetProperty("status").GetString());
        Assert.Equal("clear_pet", result.GetProperty("answer").GetProperty("final_place").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Eco2_scan_shows_the_stages_and_the_answer()
    {
        var (exit, output) = await system.Eco2Async("scan", Path.Combine(EcoSystem.Root, "samples/rendered-drink-can.jpg"), "--text", "음료캔", "--model", "local");

        Assert.Equal(0, exit);
        Assert.Matches("(?s)vision.*rule.*answer.*reward.*done", output);
    }

    [Fact]
    public async Task Eco2_scan_of_no_picture_says_so_in_one_sentence()
    {
        var (exit, output) = await system.Eco2Async("scan", Path.Combine(EcoSystem.Root, "README.md"));

        Assert.Equal(1, exit);
        Assert.Contains("README.md was not accepted", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_eco2_up_in_the_same_folder_is_refused()
    {
        var (exit, output) = await system.Eco2Async("up", "--no-build", "--free-ports");

        Assert.Equal(1, exit);
        Assert.Contains("already runs here", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopped_and_started_again_it_finds_its_data()
    {
        using var user = await User.SignUpAsync(system);
        var job = await user.SubmitAsync("신문지");
        await user.EventsAsync(job.StreamUrl);
        var processes = new List<int> { system.Pid("sidecar"), system.Pid("worker"), system.Pid("gateway"), system.Pid("media") };

        await system.StopAsync();
        var left = processes.Where(pid => Directory.Exists($"/proc/{pid}")).ToList();
        await system.StartAsync();
        using var http = new HttpClient { BaseAddress = system.Url };
        http.DefaultRequestHeaders.Authorization = user.Http.DefaultRequestHeaders.Authorization;
        using var result = await http.GetAsync(job.ResultUrl);

        Assert.Empty(left);
        Assert.True(result.IsSuccessStatusCode);
    }
}
