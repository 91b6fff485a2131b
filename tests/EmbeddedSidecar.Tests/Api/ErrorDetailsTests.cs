using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.Api;

/// <summary>What Dapr says beside code and message of an error, in its order: google.rpc details, as JSON and as status details.</summary>
public sealed class ErrorDetailsTests : IAsyncLifetime
{
    private const string Dapr = "/dapr.proto.runtime.v1.Dapr/";
    private readonly HttpClient _http = new();
    private SidecarFixture _sidecar = null!;

    public async Task InitializeAsync() => _sidecar = await SidecarFixture.StartAsync(
        SidecarFixture.Component("state", "state.in-memory") + SidecarFixture.Component("pubsub", "pubsub.in-memory", "publishingScopes: shop="),
        new AppSettings { AppId = "shop" });

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _sidecar.DisposeAsync();
    }

    [Theory]
    [InlineData("GET state/nowhere/k", "", "ERR_STATE_STORE_NOT_FOUND", "ErrorInfo(DAPR_STATE_NOT_FOUND, appID=shop)")]
    [InlineData("POST state/state", """[{"key":"a||b","value":1}]""", "ERR_MALFORMED_REQUEST",
        "BadRequest(a||b: api error: code = InvalidArgument desc = input key/keyPrefix 'a||b' can't contain '||') ResourceInfo(state, state, ) ErrorInfo(DAPR_STATE_ILLEGAL_KEY)")]
    [InlineData("POST publish/pubsub/t", "1", "ERR_PUBSUB_FORBIDDEN",
        "ResourceInfo(pubsub, pubsub, topic t is not allowed for app id shop) ErrorInfo(DAPR_PUBSUB_FORBIDDEN, error=topic t is not allowed for app id shop, topic=t)")]
    [InlineData("POST publish/pubsub", "1", "ERR_DIRECT_INVOKE", "")]
    [InlineData("GET jobs/none", "", "DAPR_SCHEDULER_GET_JOB", "ErrorInfo(DAPR_SCHEDULER_GET_JOB, appID=shop, namespace=default)")]
    [InlineData("POST state/state", """[{"value":1}]""", "ERR_MALFORMED_REQUEST", "")]
    [InlineData("DELETE state/state/k If-Match", "", "ERR_STATE_DELETE", "")]
    public async Task Over_http(string call, string body, string code, string details)
    {
        var parts = call.Split(' ');
        using var request = new HttpRequestMessage(HttpMethod.Parse(parts[0]), new Uri(_sidecar["shop"].HttpEndpoint, "/v1.0/" + parts[1]))
        {
            Content = body.Length > 0 ? new StringContent(body, Encoding.UTF8, "application/json") : null,
        };
        if (parts.Length > 2)
        {
            request.Headers.TryAddWithoutValidation("If-Match", "wrong");
        }

        using var response = await _http.SendAsync(request);

        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(code, json.RootElement.GetProperty("errorCode").GetString());
        Assert.Equal(details, json.RootElement.TryGetProperty("details", out var given) ? string.Join(' ', given.EnumerateArray().Select(Text)) : "");
    }

    [Fact]
    public async Task A_detail_is_its_type_and_then_its_members_by_name()
    {
        using var refused = await _http.PostAsync(new Uri(_sidecar["shop"].HttpEndpoint, "/v1.0/publish/pubsub/t"), new StringContent("1"));

        Assert.EndsWith(
            """
            "details":[{"@type":"type.googleapis.com/google.rpc.ResourceInfo","description":"topic t is not allowed for app id shop","owner":"","resource_name":"pubsub","resource_type":"pubsub"},{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"dapr.io","metadata":{"error":"topic t is not allowed for app id shop","topic":"t"},"reason":"DAPR_PUBSUB_FORBIDDEN"}]}
            """,
            await refused.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_grpc_state_says_its_code_as_the_reason()
    {
        var stale = new SaveStateRequest { StoreName = "state", States = { new StateItem { Key = "k", Value = ByteString.CopyFromUtf8("1"), Etag = new Etag { Value = "wrong" } } } };
        var unnamed = new SaveStateRequest { StoreName = "state", States = { new StateItem() } };
        var strange = new ExecuteStateTransactionRequest { StoreName = "state", Operations = { new TransactionalStateOperation { OperationType = "increment", Request = stale.States[0] } } };

        Assert.Equal((10, "ErrorInfo(ERR_STATE_SAVE)"), await RefusedAsync("SaveState", stale));
        Assert.Equal((3, "ErrorInfo(ERR_STATE_SAVE)"), await RefusedAsync("SaveState", unnamed));
        Assert.Equal((12, "ErrorInfo(ERR_NOT_SUPPORTED_STATE_OPERATION)"), await RefusedAsync("ExecuteStateTransaction", strange));
        Assert.Equal((13, "ErrorInfo(ERR_INVOKE_OUTPUT_BINDING)"), await RefusedAsync("InvokeBinding", new InvokeBindingRequest { Name = "none" }));
        Assert.Equal((9, "ErrorInfo(ERR_CONFIGURATION_STORE_NOT_CONFIGURED)"), await RefusedAsync("GetConfiguration", new GetConfigurationRequest { StoreName = "none" }));
        Assert.Equal((3, "ErrorInfo(DAPR_STATE_NOT_FOUND)"), await RefusedAsync("GetState", new GetStateRequest { StoreName = "none", Key = "k" }));
        Assert.Equal((9, ""), await RefusedAsync("TryLockAlpha1", new TryLockRequest { StoreName = "none", ResourceId = "r", LockOwner = "o", ExpiryInSeconds = 1 }));
    }

    [Fact]
    public async Task Metadata_of_the_query_counts_before_that_of_an_item()
    {
        using var body = new StringContent("""[{"key":"k","value":1,"metadata":{"ttlInSeconds":"1000"}}]""", Encoding.UTF8, "application/json");

        using var saved = await _http.PostAsync(new Uri(_sidecar["shop"].HttpEndpoint, "/v1.0/state/state?metadata.ttlInSeconds=100"), body);
        using var read = await _http.GetAsync(new Uri(_sidecar["shop"].HttpEndpoint, "/v1.0/state/state/k"));

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.True(DateTimeOffset.Parse(read.Headers.GetValues("metadata.ttlExpireTime").Single()) < TimeProvider.System.GetUtcNow().AddSeconds(200));
    }

    private async Task<(int Code, string Details)> RefusedAsync(string method, IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
        message.WriteTo(frame.AsSpan(5));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_sidecar["shop"].GrpcEndpoint, Dapr + method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(frame) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        using var response = await _http.SendAsync(request);
        await response.Content.LoadIntoBufferAsync();
        var trailers = response.Headers.Contains("grpc-status") ? response.Headers : response.TrailingHeaders;
        var code = int.Parse(trailers.GetValues("grpc-status").Single());
        if (!trailers.TryGetValues("grpc-status-details-bin", out var header))
        {
            return (code, "");
        }

        var text = header.Single();
        var input = new CodedInputStream(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
        var details = new List<string>();
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == 3)
            {
                var any = Any.Parser.ParseFrom(input.ReadBytes());
                details.Add(Text(any));
            }
            else
            {
                input.SkipLastField();
            }
        }

        return (code, string.Join(' ', details));
    }

    private static string Text(Any any)
    {
        var input = any.Value.CreateCodedInput();
        var (reason, pairs) = ("", new SortedDictionary<string, string>(StringComparer.Ordinal));
        while (input.ReadTag() is var tag and not 0)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    reason = input.ReadString();
                    break;
                case 3:
                    var pair = input.ReadBytes().CreateCodedInput();
                    pair.ReadTag();
                    var key = pair.ReadString();
                    pair.ReadTag();
                    pairs[key] = pair.ReadString();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return $"{any.TypeUrl.Split('.')[^1]}({string.Join(", ", pairs.Select(pair => $"{pair.Key}={pair.Value}").Prepend(reason))})";
    }

    private static string Text(JsonElement detail)
    {
        var type = detail.GetProperty("@type").GetString()!.Split('.')[^1];
        IEnumerable<string> parts = type switch
        {
            "ErrorInfo" => [detail.GetProperty("reason").GetString()!, .. Pairs(detail.GetProperty("metadata"))],
            "ResourceInfo" => [detail.GetProperty("resource_type").GetString()!, detail.GetProperty("resource_name").GetString()!, detail.GetProperty("description").GetString()!],
            _ => detail.GetProperty("field_violations").EnumerateArray().Select(one => $"{one.GetProperty("field")}: {one.GetProperty("description")}"),
        };
        return $"{type}({string.Join(", ", parts)})";
    }

    private static IEnumerable<string> Pairs(JsonElement map) => map.ValueKind == JsonValueKind.Null
        ? []
        : map.EnumerateObject().OrderBy(pair => pair.Name, StringComparer.Ordinal).Select(pair => $"{pair.Name}={pair.Value.GetString()}");
}
