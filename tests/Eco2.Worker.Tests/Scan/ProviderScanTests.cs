using System.Buffers.Binary;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Image;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Testing;
using Eco2.Worker.Tests.Models;
using Xunit;

namespace Eco2.Worker.Tests.Scan;

/// <summary>A worker that has OpenAI for both steps, on loopback.</summary>
public sealed class ProviderFixture : WorkerFixture
{
    public FakeProvider Provider { get; private set; } = null!;

    protected override string[] Components => [.. base.Components, "state"];

    protected override IReadOnlyList<string> Settings =>
    [
        "--Models:Vision=openai",
        "--Models:Answer=openai",
        $"--Models:OpenAI:BaseUrl={new Uri(Provider.Address, "/v1")}",
        "--Models:OpenAI:ApiKey=test-key",
        "--Models:RetryDelay=00:00:00.001",
        "--Models:BreakerMinimum=1000",
    ];

    public override async Task InitializeAsync()
    {
        Provider = await FakeProvider.StartAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Provider.DisposeAsync();
    }
}

/// <summary>Whole scans with a provider that works, is away or talks nonsense.</summary>
public sealed class ProviderScanTests(ProviderFixture worker) : IClassFixture<ProviderFixture>
{
    private const string Bottle =
        """{"objects":[{"major":"recyclable","middle":"clear_pet","item":"clear_pet.water","label":null,"confidence":0.93,"tags":[{"tag":"label_on","confidence":0.9}]}]}""";

    private const string Unfounded =
        """{"headline":"씻으세요","steps":[{"text":"녹여서 버리세요.","source":"nowhere#1"}],"insufficiencies":[],"user_answer":"녹여요."}""";

    // A real photo, and as large as models ever get one.
    private static readonly byte[] Photo = File.ReadAllBytes(Path.Combine(Checkout.Root, "samples", "rendered-plastic-bottle.jpg"));

    [Fact]
    public async Task A_scan_whose_provider_is_down_is_done_by_local_and_says_so()
    {
        worker.Provider.Otherwise = FakeProvider.Status(503);

        var events = await worker.EventsAsync(await worker.RequestAsync("생수병", model: ModelNames.OpenAI, photo: Photo));

        var result = events.First(e => e.Stage == "done").Result!.Value.Deserialize(ContractsJson.Default.ScanResult)!;
        Assert.Equal("completed", result.Status);
        Assert.Equal(["LOCAL_MODEL_USED"], result.Warnings);
        Assert.Equal(("local", "openai"), (result.Vision!.Model.Provider, result.Vision.Model.FallbackFrom));
        Assert.Equal(("local", "openai"), (result.Answer!.Model.Provider, result.Answer.Model.FallbackFrom));
        Assert.NotEmpty(result.Answer.Steps);
    }

    [Theory]
    [InlineData(429, "PROVIDER_RATE_LIMITED")]
    [InlineData(503, "PROVIDER_UNAVAILABLE")]
    public async Task Without_provider_and_classifier_the_job_fails_and_says_that_it_may_be_tried_again(int status, string code)
    {
        worker.Provider.Otherwise = FakeProvider.Status(status, "0");

        var events = await worker.EventsAsync(await worker.RequestAsync("생수병", media: 503, model: ModelNames.OpenAI, photo: Photo));

        var error = events.First(e => e.Stage == "failed").Error!;
        Assert.Equal((code, "vision", true), (error.Code, error.Stage, error.Retryable));
    }

    [Fact]
    public async Task An_answer_that_does_not_fit_the_rule_is_mended_once_and_then_fails_the_job()
    {
        worker.Provider.Otherwise = FakeProvider.OpenAi(Unfounded);
        worker.Provider.Then(FakeProvider.OpenAi(Bottle));
        var before = worker.Provider.Requests.Count;

        var scan = await worker.RequestAsync("생수병", model: ModelNames.OpenAI, photo: Photo);
        var events = await worker.EventsAsync(scan);

        var asked = worker.Provider.Requests.Skip(before).Select(r => r.Body.GetProperty("messages")).ToList();
        Assert.Equal(3, asked.Count);
        Assert.Contains("nowhere#1", asked[2][3].ToString(), StringComparison.Ordinal);
        string[] told = [.. events.Select(e => e.EventId).Distinct().Order()];
        Assert.Equal(
            ((string[])["vision/started", "vision/completed", "rule/started", "rule/completed", "answer/started", "answer/failed", "failed/failed"])
                .Select(name => $"{scan.JobId}/{name}").Order(),
            told);
        // The stage fails before the job does, and both are told in one message.
        var end = worker.Told.First(b => b.JobId == scan.JobId && b.Events[^1].Stage == "failed");
        Assert.Equal(["answer", "failed"], end.Events.Select(e => e.Stage));
        Assert.Equal(JobEvent.IdOf(scan.JobId, "answer", "started"), end.After);
        Assert.All(end.Events, e => Assert.Equal(("failed", "ANSWER_INVALID_OUTPUT", "answer", true), (e.Status, e.Error!.Code, e.Error.Stage, e.Error.Retryable)));
    }

    [Fact]
    public async Task A_provider_gets_the_small_picture_and_never_the_original()
    {
        worker.Provider.Otherwise = FakeProvider.Status(503);
        worker.Provider.Then(FakeProvider.OpenAi(Bottle));
        var before = worker.Provider.Requests.Count;
        var scan = await worker.RequestAsync("생수병", times: 0, model: ModelNames.OpenAI, photo: Photo);
        await worker.StoreAsync(ImageObjects.Original(scan.ImageKey), Enlarged(Photo));

        await worker.Scan.PublishEventAsync(Messaging.PubSub, ScanRequested.Topic, scan);
        await worker.EventsAsync(scan);

        var parts = worker.Provider.Requests.ElementAt(before).Body.GetProperty("messages")[1].GetProperty("content");
        var url = parts[1].GetProperty("image_url").GetProperty("url").GetString()!;
        var sent = Convert.FromBase64String(url["data:image/jpeg;base64,".Length..]);
        var (width, height) = SizeOf(sent);
        Assert.Equal(1024, Math.Max(width, height));
        Assert.Equal(Photo, sent);
    }

    /// <summary>The same JPEG that claims to be 4,096 px wide.</summary>
    private static byte[] Enlarged(byte[] jpeg)
    {
        var copy = jpeg.ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(FrameOf(jpeg) + 7), 4096);
        Assert.Equal(4096, SizeOf(copy).Width);
        return copy;
    }

    private static (int Width, int Height) SizeOf(byte[] jpeg)
    {
        var frame = jpeg.AsSpan(FrameOf(jpeg));
        return (BinaryPrimitives.ReadUInt16BigEndian(frame[7..]), BinaryPrimitives.ReadUInt16BigEndian(frame[5..]));
    }

    /// <summary>Where the frame header (SOF) stands: segments are a marker and a length, from the start of the image to the scan.</summary>
    private static int FrameOf(byte[] jpeg)
    {
        Assert.Equal([0xFF, 0xD8], jpeg[..2]);
        Assert.Equal([0xFF, 0xD9], jpeg[^2..]);
        var at = 2;
        while (jpeg[at + 1] is not (>= 0xC0 and <= 0xCF) or 0xC4 or 0xC8 or 0xCC)
        {
            Assert.Equal(0xFF, jpeg[at]);
            Assert.NotEqual(0xDA, jpeg[at + 1]);
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(jpeg.AsSpan(at + 2));
        }

        return at;
    }
}
