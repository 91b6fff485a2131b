using System.Text;
using Dapr.Client;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

/// <summary>Messages of topics and bindings as they go over the wire.</summary>
public sealed class MessageTests : IAsyncLifetime
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private ClientOnStandIn<DaprClient> _dapr = null!;

    public async Task InitializeAsync() => _dapr = await ClientOnStandIn.StartAsync();

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task Publishing_says_json_or_cloud_event_and_nothing_without_data()
    {
        var sent = new List<Wire.PublishEventRequest>();
        _dapr.Sidecar.OnUnary(Service + "PublishEvent", Wire.PublishEventRequest.Parser, request =>
        {
            sent.Add(request);
            return new Empty();
        });

        await _dapr.Client.PublishEventAsync("p", "t", new { A = 1 });
        await _dapr.Client.PublishEventAsync("p", "t", new CloudEvent<int>(5) { Type = "x" });
        await _dapr.Client.PublishEventAsync("p", "t", new Dictionary<string, string> { ["ttlInSeconds"] = "9" });

        Assert.Equal(["application/json", "application/cloudevents+json", ""], sent.Select(s => s.DataContentType));
        Assert.Equal("{\"data\":5,\"datacontenttype\":\"application/json\",\"source\":null,\"type\":\"x\",\"subject\":null}", sent[1].Data.ToStringUtf8());
        Assert.Equal(("", "9"), (sent[2].Data.ToStringUtf8(), sent[2].Metadata["ttlInSeconds"]));
    }

    [Fact]
    public async Task Bulk_publish_falls_back_to_the_older_method_and_returns_what_failed()
    {
        _dapr.Sidecar.OnUnary(Service + "BulkPublishEventAlpha1", Wire.BulkPublishRequest.Parser, request => new Wire.BulkPublishResponse
        {
            FailedEntries = { new Wire.BulkPublishResponseFailedEntry { EntryId = request.Entries[1].EntryId, Error = "full" } },
        });

        var response = await _dapr.Client.BulkPublishEventAsync("p", "t", ["a", "b"]);

        var failed = Assert.Single(response.FailedEntries);
        Assert.Equal(("1", "b", "full"), (failed.Entry.EntryId, failed.Entry.EventData, failed.ErrorMessage));
    }

    [Fact]
    public async Task A_binding_gets_json_and_gives_bytes_and_metadata_back()
    {
        _dapr.Sidecar.OnUnary(Service + "InvokeBinding", Wire.InvokeBindingRequest.Parser, request => new Wire.InvokeBindingResponse
        {
            Data = request.Data, Metadata = { ["op"] = request.Operation },
        });

        var text = await _dapr.Client.InvokeBindingAsync<string, string>("b", "get", "한글");
        var raw = await _dapr.Client.InvokeBindingAsync(new BindingRequest("b", "put") { Data = "x"u8.ToArray() });

        Assert.Equal("한글", text);
        Assert.Equal(("x", "put"), (Encoding.UTF8.GetString(raw.Data.Span), raw.Metadata["op"]));
    }
}
