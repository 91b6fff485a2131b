using System.Security.Authentication;
using System.Text;
using System.Text.RegularExpressions;
using Dapr.Actors;
using Dapr.Actors.Client;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>The caller's side, against a stand-in that keeps what came.</summary>
public sealed class ActorProxyTests : IAsyncLifetime
{
    private const string Target = "//v1.0/actors/Counter/a1/method/";
    private static readonly ActorId Id = new("a1");
    private HttpStandIn _sidecar = null!;

    public async Task InitializeAsync() => _sidecar = await HttpStandIn.StartAsync();

    public async Task DisposeAsync() => await _sidecar.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_typed_call_has_the_header_of_the_method_and_the_arguments_in_an_envelope(bool json)
    {
        Answers(200, json ? """{"value":{"retVal":{"item":"tea","count":3}}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.BuyResponse));

        var receipt = await Typed(json).BuyAsync("tea", 3);

        Assert.Equal(("tea", 3), (receipt.Item, receipt.Count));
        var request = Assert.Single(_sidecar.Requests);
        Assert.Equal(("PUT", Target + "BuyAsync"), (request.Method, request.Target));
        Assert.Equal("application/octet-stream; charset=utf-8", request.Headers["Content-Type"]);
        Assert.Equal("t0ken", request.Headers["dapr-api-token"]);
        Assert.Equal(TypedWire.Header(TypedWire.Buy, "BuyAsync", CallContext(request)), request.Headers["X-DaprRequestHeader"]);
        Assert.Equal(json ? """{"value":{"item":"tea","count":3}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.BuyRequest), request.Body);
        Assert.False(request.Headers.ContainsKey("Dapr-Reentrancy-Id"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_stays_here_and_a_number_comes_back(bool json)
    {
        Answers(200, json ? """{"value":{"retVal":2}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.AddResponse));

        Assert.Equal(2, await Typed(json).AddAsync(2, CancellationToken.None));

        var request = Assert.Single(_sidecar.Requests);
        Assert.Equal(TypedWire.Header(TypedWire.Add, "AddAsync", CallContext(request)), request.Headers["X-DaprRequestHeader"]);
        Assert.Equal(json ? """{"value":{"amount":2}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.AddRequest), request.Body);
    }

    [Fact]
    public async Task A_method_without_arguments_and_result_has_no_bodies()
    {
        Answers(200, []);

        await Typed(json: true).ResetAsync();

        var request = Assert.Single(_sidecar.Requests);
        Assert.Empty(request.Body);
        Assert.False(request.Headers.ContainsKey("Content-Type"));
        Assert.Equal(TypedWire.Header(TypedWire.Reset, "ResetAsync", CallContext(request)), request.Headers["X-DaprRequestHeader"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_an_actor_threw_comes_back_by_name_and_message(bool json)
    {
        var header = TypedWire.ErrorHeader(Convert.ToBase64String("Exception: InvalidOperationException, Method Name: FailAsync"u8));
        Answers(200, Convert.FromBase64String(TypedWire.Failure), ("X-DaprErrorResponseHeader", header));

        var failure = await Assert.ThrowsAsync<ActorMethodInvocationException>(() => Typed(json).FailAsync("out of tea"));

        Assert.Equal("Remote Actor Method Exception,  DETAILS: Exception: InvalidOperationException, Method Name: FailAsync", failure.Message);
        Assert.Equal(("ERR_ACTOR_INVOKE_METHOD", false), (failure.ErrorCode, failure.IsTransient));
        var thrown = Assert.IsType<ActorInvokeException>(failure.InnerException);
        Assert.Equal(("System.InvalidOperationException", "out of tea"), (thrown.ActualExceptionType, thrown.Message));
    }

    [Fact]
    public async Task A_call_by_name_is_json_without_a_header_for_types()
    {
        Answers(200, "7"u8.ToArray());

        Assert.Equal(7, await ByName().InvokeMethodAsync<Receipt, int>("CountAsync", new Receipt { Item = "tea", Count = 7 }));
        await ByName().InvokeMethodAsync("SayAsync", "하나");
        Assert.Equal(7, await ByName().InvokeMethodAsync<int>("GetAsync"));
        await ByName().InvokeMethodAsync("ResetAsync");

        Assert.Equal(
            [
                $$"""PUT {{Target}}CountAsync {"item":"tea","count":7}""",
                $"PUT {Target}SayAsync \"\\uD558\\uB098\"",
                $"PUT {Target}GetAsync",
                $"PUT {Target}ResetAsync",
            ],
            _sidecar.Requests.Select(request => request.Line));
        var first = _sidecar.Requests.First();
        Assert.Equal("application/json; charset=utf-8", first.Headers["Content-Type"]);
        Assert.Equal("t0ken", first.Headers["dapr-api-token"]);
        Assert.False(first.Headers.ContainsKey("X-DaprRequestHeader"));
    }

    [Fact]
    public async Task The_runtimes_errors_are_exceptions_with_its_code()
    {
        Answers(400, """{"errorCode":"ERR_ACTOR_INSTANCE_MISSING","message":"actor instance is missing"}"""u8.ToArray());
        var told = await Assert.ThrowsAsync<DaprApiException>(() => ByName().InvokeMethodAsync("X"));
        Assert.Equal(("actor instance is missing", "ERR_ACTOR_INSTANCE_MISSING"), (told.Message, told.ErrorCode));

        Answers(500, []);
        Assert.Equal("UNKNOWN", (await Assert.ThrowsAsync<DaprApiException>(() => ByName().InvokeMethodAsync("X"))).ErrorCode);

        Answers(404, []);
        Assert.Equal("ERR_DOES_NOT_EXIST", (await Assert.ThrowsAsync<DaprApiException>(() => ByName().InvokeMethodAsync("X"))).ErrorCode);

        Answers(502, "<html>"u8.ToArray());
        Assert.IsType<System.Text.Json.JsonException>((await Assert.ThrowsAsync<DaprApiException>(() => ByName().InvokeMethodAsync("X"))).InnerException);

        Answers(401, []);
        await Assert.ThrowsAsync<AuthenticationException>(() => Typed(json: true).ResetAsync());
    }

    [Fact]
    public async Task A_proxy_is_an_ActorProxy_and_can_go_to_another_actor_as_a_reference()
    {
        Answers(200, []);
        var shop = Factory(json: false).CreateActorProxy<IShop>(new ActorId("s1"), "Shop");

        await shop.HireAsync(Typed(json: false));

        var proxy = Assert.IsAssignableFrom<ActorProxy>(Typed(json: true));
        Assert.Equal((Id, "Counter"), (proxy.ActorId, proxy.ActorType));
        var body = Encoding.UTF8.GetString(Assert.Single(_sidecar.Requests).Body);
        Assert.Contains("a1", body, StringComparison.Ordinal);
        Assert.Contains("ActorReference", body, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DaprApiException>(() =>
        {
            Answers(500, []);
            return ((IShopBase)shop).CloseAsync();
        });
    }

    [Fact]
    public void An_interface_that_cannot_go_over_the_wire_is_refused()
    {
        foreach (var type in new[] { typeof(IOverloaded), typeof(INoTask), typeof(IMixed), typeof(IOptional), typeof(Counter), typeof(IActor), typeof(IGeneric<int>) })
        {
            Assert.Throws<ArgumentException>(() => Factory(json: true).CreateActorProxy(Id, type, "Counter"));
        }
    }

    private static string CallContext(HttpStandIn.Request request)
    {
        var match = Regex.Match(request.Headers["X-DaprRequestHeader"], "<a:CallContext>(.*?)</a:CallContext>");
        Assert.True(Guid.TryParse(match.Groups[1].Value, out _));
        return match.Groups[1].Value;
    }

    private void Answers(int status, byte[] body, params (string Name, string Value)[] headers) => _sidecar.Answer = async (_, response) =>
    {
        response.StatusCode = status;
        foreach (var (name, value) in headers)
        {
            response.Headers[name] = value;
        }

        await response.Body.WriteAsync(body);
    };

    private ActorProxyFactory Factory(bool json) =>
        new(new ActorProxyOptions { HttpEndpoint = _sidecar.Address, DaprApiToken = "t0ken", UseJsonSerialization = json });

    private ICounter Typed(bool json) => Factory(json).CreateActorProxy<ICounter>(Id, "Counter");

    private ActorProxy ByName() => Factory(json: false).Create(Id, "Counter");
}

public interface IShopBase : IActor
{
    Task CloseAsync();
}

public interface IShop : IShopBase
{
    Task HireAsync(ICounter counter);
}

public interface IOverloaded : IActor
{
    Task DoAsync();

    Task DoAsync(int number);
}

public interface INoTask : IActor
{
    int Get();
}

public interface IMixed : IActor, IDisposable
{
    Task DoAsync();
}

public interface IOptional : IActor
{
    Task DoAsync(int number = 1);
}

public interface IGeneric<T> : IActor
{
    Task DoAsync(T value);
}
