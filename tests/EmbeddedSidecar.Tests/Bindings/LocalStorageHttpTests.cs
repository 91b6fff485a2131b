using System.Net;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

/// <summary>bindings.localstorage over HTTP, where data is JSON.</summary>
public sealed class LocalStorageHttpTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();
    private LocalStorage _storage = null!;

    public async Task InitializeAsync() => _storage = await LocalStorage.StartAsync();

    public async Task DisposeAsync() => await _storage.DisposeAsync();

    [Fact]
    public async Task Local_storage_decodes_base64_lists_and_deletes()
    {
        var bytes = new byte[] { 0xFF, 0xD8, 0, 1, 2 };

        using var created = await InvokeAsync($$$"""{"operation":"create","data":"{{{Convert.ToBase64String(bytes)}}}","metadata":{"fileName":"u/1.jpg"}}""");
        using var text = await InvokeAsync("""{"operation":"create","data":"안녕 \"x\"","metadata":{"fileName":"t.txt"}}""");
        using var found = await InvokeAsync("""{"operation":"get","metadata":{"fileName":"u/1.jpg"}}""");
        using var listed = await InvokeAsync("""{"operation":"list"}""");
        using var deleted = await InvokeAsync("""{"operation":"delete","metadata":{"fileName":"u/1.jpg"}}""");
        using var missing = await InvokeAsync("""{"operation":"get","metadata":{"fileName":"u/1.jpg"}}""");

        Assert.Equal("""{"fileName":"u/1.jpg"}""", await created.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, text.StatusCode);
        Assert.Equal("안녕 \"x\"", await File.ReadAllTextAsync(Path.Combine(_storage.Root, "t.txt")));
        Assert.Equal(bytes, await found.Content.ReadAsByteArrayAsync());
        Assert.Equal($"""["{_storage.Root}/t.txt","{_storage.Root}/u/1.jpg"]""", await listed.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, missing.StatusCode);
        Assert.Contains("ERR_INVOKE_OUTPUT_BINDING", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("file not found", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_name_cannot_climb_out_of_the_root()
    {
        using var created = await InvokeAsync("""{"operation":"create","data":"x y","metadata":{"fileName":"../../../../climb.txt"}}""");

        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        Assert.True(File.Exists(Path.Combine(_storage.Root, "climb.txt")));
    }

    [Fact]
    public async Task An_unknown_binding_or_operation_is_an_error_of_the_binding_api()
    {
        using var operation = await InvokeAsync("""{"operation":"presign"}""");

        Assert.Equal(HttpStatusCode.InternalServerError, operation.StatusCode);
        Assert.Contains("does not support operation presign", await operation.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"data":"x"}""", 500, "error invoking output binding objects: operation field is missing from request")]
    [InlineData("""{"operation":5}""", 400, "failed deserializing HTTP body")]
    [InlineData("""{"operation":"list","metadata":{"fileName":5}}""", 400, "failed deserializing HTTP body")]
    [InlineData("""{"operation":"list","metadata":["fileName"]}""", 400, "failed deserializing HTTP body")]
    [InlineData("""{"OPERATION":"list","metadata":{"fileName":null}}""", 200, "null")]
    public async Task What_a_request_lacks_is_told(string json, int status, string expected)
    {
        using var answer = await InvokeAsync(json);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // What daprd makes of JSON that it reads and writes: local storage gets these bytes.
    [Theory]
    [InlineData("""{"operation":"create","data":{ "b" : [ 1.50, 1e3, 12345678901234567890 ], "a\/" : "<&\ud83d\ude00\u0001", "b":[] }}""", """{"a/":"\u003c\u0026😀\u0001","b":[]}""")]
    [InlineData("""{"operation":"create","data":[1.50, 1e3, 12345678901234567890, 1E-7, -0.000001, 1e21, true, null]}""", "[1.5,1000,12345678901234567000,1e-7,-0.000001,1e+21,true,null]")]
    [InlineData("""{"operation":"create","data":"a \"\/\ud83d\ude00\n"}""", "a \"/😀\n")]
    public async Task Data_over_http_is_read_and_written_anew(string json, string expected)
    {
        using var created = await InvokeAsync(json);

        Assert.Equal(HttpStatusCode.OK, created.StatusCode);
        Assert.Equal(expected, await File.ReadAllTextAsync(Directory.GetFiles(_storage.Root).Single()));
    }

    [Fact]
    public async Task Data_that_is_not_there_is_null()
    {
        using var created = await InvokeAsync("""{"operation":"create"}""");

        Assert.Equal(Convert.FromBase64String("null"), await File.ReadAllBytesAsync(Directory.GetFiles(_storage.Root).Single()));
    }

    private Task<HttpResponseMessage> InvokeAsync(string json) =>
        Http.PostAsync(new Uri(_storage.App.HttpEndpoint, "/v1.0/bindings/objects"), new StringContent(json));
}
