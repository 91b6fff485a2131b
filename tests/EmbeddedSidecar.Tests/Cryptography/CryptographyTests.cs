using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.Cryptography;

/// <summary>There is no provider here; a call hears what a daprd without one says.</summary>
public sealed class CryptographyTests
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    private static readonly HttpClient Http = new();

    public static TheoryData<string, IMessage, int, string> Streams => new()
    {
        { "EncryptAlpha1", new EncryptRequest { Options = new() { ComponentName = "c", KeyName = "k", KeyWrapAlgorithm = "RSA" } }, 13, "crypto providers not configured" },
        { "EncryptAlpha1", new EncryptRequest { Options = new() { KeyName = "k" } }, 3, "invalid request: missing property 'keyWrapAlgorithm' in the options message" },
        { "EncryptAlpha1", new EncryptRequest { Options = new() { KeyWrapAlgorithm = "RSA" } }, 3, "invalid request: missing property 'keyName' in the options message" },
        { "EncryptAlpha1", new EncryptRequest { Payload = new() }, 3, "invalid request: first message does not contain the required options" },
        { "DecryptAlpha1", new DecryptRequest { Options = new() { ComponentName = "c" } }, 13, "crypto providers not configured" },
        { "DecryptAlpha1", new DecryptRequest(), 3, "invalid request: first message does not contain the required options" },
    };

    [Theory]
    [MemberData(nameof(Streams), DisableDiscoveryEnumeration = true)]
    public async Task A_stream_is_refused_at_its_first_message(string method, IMessage first, int code, string detail)
    {
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app" });
        using var wire = new GrpcWire(sidecar["app"].GrpcEndpoint);

        var refused = await Assert.ThrowsAsync<WireException>(async () => await wire.StreamAsync<EncryptResponse>(Service + method, first, CancellationToken.None).FirstAsync());

        Assert.Equal((code, detail), (refused.Code, refused.Detail));
    }

    [Fact]
    public async Task A_stream_that_goes_on_is_refused_by_its_only_headers()
    {
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app" });
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        var end = new TaskCompletionSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(sidecar["app"].GrpcEndpoint, Service + "DecryptAlpha1"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Unending([0, 0, 0, 0, 5, 10, 3, 10, 1, (byte)'c'], end.Task) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        end.SetResult();

        Assert.Equal("13", Assert.Single(answer.Headers.GetValues("grpc-status")));
        Assert.Equal("crypto providers not configured", Assert.Single(answer.Headers.GetValues("grpc-message")));
    }

    [Theory]
    [InlineData("GetKey")]
    [InlineData("Encrypt")]
    [InlineData("Decrypt")]
    [InlineData("WrapKey")]
    [InlineData("UnwrapKey")]
    [InlineData("Sign")]
    [InlineData("Verify")]
    public async Task Single_operations_are_in_no_release(string operation)
    {
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app" });
        using var wire = new GrpcWire(sidecar["app"].GrpcEndpoint);

        var refused = await Assert.ThrowsAsync<WireException>(
            () => wire.UnaryAsync<Empty>($"{Service}Subtle{operation}Alpha1", new EncryptRequest { Options = new() { KeyName = "k" } }));
        var overHttp = await SendAsync(sidecar, HttpMethod.Post, $"subtlecrypto/c/{operation.ToLowerInvariant()}", """{"keyName":"k"}""");

        Assert.Equal((12, "this API is currently not implemented"), (refused.Code, refused.Detail));
        Assert.Equal((HttpStatusCode.NotImplemented, """{"errorCode":"ERR_API_UNIMPLEMENTED","message":"this API is currently not implemented"}"""), overHttp);
    }

    [Theory]
    [InlineData("encrypt")]
    [InlineData("decrypt")]
    public async Task Over_HTTP_there_are_no_providers(string operation)
    {
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app" });

        var refused = await SendAsync(sidecar, HttpMethod.Put, $"crypto/c/{operation}", "x");

        Assert.Equal((HttpStatusCode.InternalServerError, """{"errorCode":"ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED","message":"crypto providers not configured"}"""), refused);
    }

    [Theory]
    [InlineData("crypto.dapr.localstorage")]
    [InlineData("crypto.dapr.jwks")]
    public async Task A_provider_among_the_components_is_refused_at_start(string type)
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(
            () => SidecarFixture.StartAsync(SidecarFixture.Component("vault", type), new AppSettings { AppId = "app" }));

        Assert.Contains($"component \"vault\": type \"{type}\" is not supported by the embedded sidecar", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> SendAsync(SidecarFixture sidecar, HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, new Uri(sidecar["app"].HttpEndpoint, "/v1.0-alpha1/" + path)) { Content = new StringContent(body, Encoding.UTF8) };
        using var answer = await Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private sealed class Unending(byte[] first, Task end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(first);
            await stream.FlushAsync();
            await end;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
