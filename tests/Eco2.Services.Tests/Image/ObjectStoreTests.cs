using Dapr;
using Dapr.Client;
using Dapr.Client.Autogen.Grpc.v1;
using Dapr.Sdk.Tests;
using Eco2.ServiceDefaults;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace Eco2.Services.Tests.Image;

/// <summary>One way to objects, whatever keeps them: each store reads the name under its own word and says in its own words that there is
/// nothing of that name.</summary>
public sealed class ObjectStoreTests : IAsyncLifetime
{
    private const string There = "scan/u/1/vision.jpg";
    private readonly List<string> deleted = [];
    private GrpcStandIn sidecar = null!;
    private DaprClient dapr = null!;

    public async Task InitializeAsync()
    {
        sidecar = await GrpcStandIn.StartAsync();
        dapr = new DaprClientBuilder().UseGrpcEndpoint(sidecar.Address).Build();
    }

    public async Task DisposeAsync()
    {
        dapr.Dispose();
        await sidecar.DisposeAsync();
    }

    // The words of components-contrib 1.18.4; null: it deletes what is not there without a word.
    [Theory]
    [InlineData("fileName", "file not found: /objects/x", "error deleting file /objects/x: remove /objects/x: no such file or directory")]
    [InlineData("key", "object not found", null)]
    [InlineData("blobName", "blob not found", "blob not found")]
    [InlineData("key", "object not found", "object not found")]
    public async Task An_object_is_read_and_deleted_by_its_name_and_a_missing_one_is_none(string word, string noneToRead, string? noneToDelete)
    {
        Behave(word, noneToRead, noneToDelete);
        var objects = new ObjectStore(dapr, "objects");

        var found = await objects.GetAsync(There, CancellationToken.None);
        var missing = await objects.GetAsync("scan/u/2/vision.jpg", CancellationToken.None);
        await objects.DeleteAsync(There, CancellationToken.None);
        await objects.DeleteAsync("scan/u/2/vision.jpg", CancellationToken.None);

        Assert.Equal([0xFF, 0xD8], found!.Value.ToArray());
        Assert.Null(missing);
        Assert.Equal([There], deleted);
    }

    [Theory]
    [InlineData("AccessDenied: Access Denied")]
    [InlineData("context deadline exceeded")]
    [InlineData("googleapi: Error 503: Service Unavailable")]
    public async Task A_store_that_fails_is_not_taken_for_an_empty_one(string words)
    {
        Behave("key", words, words);
        var objects = new ObjectStore(dapr, "objects");

        await Assert.ThrowsAsync<DaprException>(() => objects.GetAsync("x", CancellationToken.None));
        await Assert.ThrowsAsync<DaprException>(() => objects.DeleteAsync("x", CancellationToken.None));
    }

    private void Behave(string word, string noneToRead, string? noneToDelete) =>
        sidecar.On("/dapr.proto.runtime.v1.Dapr/InvokeBinding", async call =>
        {
            var request = InvokeBindingRequest.Parser.ParseFrom(call.Message);
            var isThere = request.Metadata.GetValueOrDefault(word) == There;
            var none = request.Operation == "get" ? noneToRead : noneToDelete;
            if (!isThere && none is not null)
            {
                await call.FailAsync(StatusCode.Internal, $"error invoking output binding {request.Name}: {none}");
                return;
            }

            if (isThere && request.Operation == "delete")
            {
                deleted.Add(There);
            }

            await call.SendAsync(new InvokeBindingResponse { Data = request.Operation == "get" ? ByteString.CopyFrom(0xFF, 0xD8) : ByteString.Empty });
        });
}
