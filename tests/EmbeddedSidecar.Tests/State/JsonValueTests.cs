using System.Net;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>What becomes of a value that comes as JSON: decoded and encoded anew, for Redis by another encoder than for the others.</summary>
/// <remarks>What is expected is what Go's encoding/json and jsoniter's fastest configuration made of the same text.</remarks>
public sealed class JsonValueTests(StateHttpTests.Servers servers) : IClassFixture<StateHttpTests.Servers>
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private static readonly HttpClient Http = new();

    [Theory]
    [InlineData("""{"b":1,"a":{"z":[ 1 , 2.0 ],"y":null},"b":2}""", """{"a":{"y":null,"z":[1,2]},"b":2}""", null)]
    [InlineData("""{"\u0061":1,"a":2}""", """{"a":2}""", null)]
    [InlineData("""{"\uffff":1,"\ud83d\ude00":2,"é":3,"":4}""", "{\"\":4,\"é\":3,\"\uffff\":1,\"😀\":2}", null)]
    [InlineData("""[ [ ] , { } , true , false , null , "" ]""", """[[],{},true,false,null,""]""", null)]
    [InlineData("\"생수병 \\uc0dd\\u2028\"", "\"생수병 생\\u2028\"", "\"생수병 생\u2028\"")]
    [InlineData("\"a<b>&c\"", "\"a\\u003cb\\u003e\\u0026c\"", "\"a<b>&c\"")]
    [InlineData("""
        "\u003c\/\"\\\n\r\t\u0001\u007f"
        """, "\"\\u003c/\\\"\\\\\\n\\r\\t\\u0001\u007f\"", "\"</\\\"\\\\\\n\\r\\t\\u0001\u007f\"")]
    [InlineData("\"\\b\\f\"", "\"\\b\\f\"", "\"\\u0008\\u000c\"")]
    [InlineData("\"\\ud83d\\ude00 \\ud800 x \\udc00\\ud83d\\u0041\"", "\"😀 \ufffd x \ufffd\ufffdA\"", null)]
    [InlineData("1.50", "1.5", null)]
    [InlineData("-0", "-0", "0")]
    [InlineData("1e3", "1000", null)]
    [InlineData("0.1234567", "0.1234567", "0.123457")]
    [InlineData("0.12345649", "0.12345649", "0.123456")]
    [InlineData("-3.14159265358979", "-3.14159265358979", "-3.141593")]
    [InlineData("9.999999999", "9.999999999", "10")]
    [InlineData("100.000001", "100.000001", null)]
    [InlineData("0.00001", "0.00001", null)]
    [InlineData("0.000001234", "0.000001234", "0.000001")]
    [InlineData("-1e-7", "-1e-7", "-0")]
    [InlineData("2.5e-10", "2.5e-10", "0")]
    [InlineData("83886079.1234567", "83886079.1234567", null)]
    [InlineData("1234567890123456.8", "1234567890123456.8", null)]
    [InlineData("9007199254740993", "9007199254740992", null)]
    [InlineData("12345678901234567890", "12345678901234567000", null)]
    [InlineData("1e20", "100000000000000000000", null)]
    [InlineData("123456789e15", "1.23456789e+23", null)]
    [InlineData("4.9e-324", "5e-324", "0")]
    public async Task A_value_is_decoded_and_encoded_as_dapr_does_it_for_each_store(string given, string kept, string? onRedis)
    {
        Assert.Equal((kept, kept, onRedis ?? kept), (await KeptAsync("memory", given), await KeptAsync("postgres", given), await KeptAsync("redis", given)));
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public async Task A_value_may_nest_as_deep_as_go_takes_it_and_no_deeper(string open, string close)
    {
        // Two levels are those of the request.
        var most = Nested(9_998);
        using var refused = await PostAsync("memory", "", Encoding.UTF8.GetBytes($$"""[{"key":"deeper","value":{{Nested(9_999)}} }]"""));

        Assert.Equal((most, most, most), (await KeptAsync("memory", most), await KeptAsync("postgres", most), await KeptAsync("redis", most)));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        using var bulk = await PostAsync("redis", "/bulk", """{"keys":["k"]}"""u8.ToArray());
        Assert.Contains(most, await bulk.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        string Nested(int levels) => string.Concat(Enumerable.Repeat(open, levels)) + "1" + string.Concat(Enumerable.Repeat(close, levels));
    }

    [Fact]
    public async Task Bytes_that_are_no_characters_become_replacement_characters()
    {
        using var saved = await PostAsync("redis", "", [.. "[{\"key\":\"bytes\",\"value\":\""u8, 0xff, 0xc3, (byte)'x', 0xe2, 0x80, .. "\"}]"u8]);

        Assert.Equal("\"\ufffd\ufffdx\ufffd\ufffd\"", await Http.GetStringAsync(Url("redis", "/bytes")));
    }

    [Theory]
    [InlineData("", """[{"key":"huge","value":1e400}]""")]
    [InlineData("/transaction", """{"operations":[{"operation":"upsert","request":{"key":"huge","value":[-1e400]}}]}""")]
    public async Task A_number_that_no_float_holds_is_refused(string action, string json)
    {
        using var refused = await PostAsync("memory", action, Encoding.UTF8.GetBytes(json));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("cannot unmarshal number", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_encodes_as_a_save_does()
    {
        using var done = await PostAsync("redis", "/transaction", """{"operations":[{"operation":"upsert","request":{"key":"t","value":{ "b": 1.23456789, "a": "<" }}}]}"""u8.ToArray());

        Assert.Equal("""{"a":"<","b":1.234568}""", await Http.GetStringAsync(Url("redis", "/t")));
    }

    [Fact]
    public async Task Over_grpc_bytes_are_kept_unless_a_save_says_that_they_are_json()
    {
        using var grpc = new GrpcWire(servers.Sidecar["one"].GrpcEndpoint);
        await grpc.UnaryAsync<Empty>(Service + "SaveState", new SaveStateRequest { StoreName = "redis", States = { Item("g1"), Json("g2") } });
        var transaction = new ExecuteStateTransactionRequest { StoreName = "memory", Operations = { new TransactionalStateOperation { OperationType = "upsert", Request = Json("g3") } } };
        await grpc.UnaryAsync<Empty>(Service + "ExecuteStateTransaction", transaction);
        var broken = Json("g4");
        broken.Value = ByteString.CopyFromUtf8("{");

        var refused = await Assert.ThrowsAsync<WireException>(() => grpc.UnaryAsync<Empty>(Service + "SaveState", new SaveStateRequest { StoreName = "redis", States = { broken } }));

        Assert.Equal("""{ "n": 1.50 }""", await Http.GetStringAsync(Url("redis", "/g1")));
        Assert.Equal("""{"n":1.5}""", await Http.GetStringAsync(Url("redis", "/g2")));
        Assert.Equal("""{ "n": 1.50 }""", await Http.GetStringAsync(Url("memory", "/g3")));
        Assert.Equal(2, refused.Code);
    }

    private static StateItem Item(string key) => new() { Key = key, Value = ByteString.CopyFromUtf8("""{ "n": 1.50 }""") };

    private static StateItem Json(string key)
    {
        var item = Item(key);
        item.Metadata["contentType"] = "application/json";
        return item;
    }

    private async Task<string> KeptAsync(string store, string json)
    {
        using var saved = await PostAsync(store, "", Encoding.UTF8.GetBytes($$"""[{"key":"k","value":{{json}}}]"""));
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        return await Http.GetStringAsync(Url(store, "/k"));
    }

    private Uri Url(string store, string rest) => new(servers.Sidecar["one"].HttpEndpoint, $"/v1.0/state/{store}{rest}");

    private async Task<HttpResponseMessage> PostAsync(string store, string action, byte[] json)
    {
        using var content = new ByteArrayContent(json);
        return await Http.PostAsync(Url(store, action), content);
    }
}
