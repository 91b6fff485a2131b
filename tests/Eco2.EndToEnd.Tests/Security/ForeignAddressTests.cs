using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>An address in a request is read and never fetched, however it is spelled.</summary>
[Collection(UnderAttack.Name)]
public sealed class ForeignAddressTests(AttackedSystem attacked)
{
    [Theory]
    [InlineData("http://127.0.0.1:PORT/KEY")]
    [InlineData("http://localhost:PORT/KEY")]
    [InlineData("http://127.1:PORT/KEY")]
    [InlineData("http://2130706433:PORT/KEY")]
    [InlineData("http://0x7f000001:PORT/KEY")]
    [InlineData("http://0177.0.0.1:PORT/KEY")]
    [InlineData("http://0.0.0.0:PORT/KEY")]
    [InlineData("http://[::1]:PORT/KEY")]
    [InlineData("http://[::ffff:127.0.0.1]:PORT/KEY")]
    [InlineData("http://[::ffff:7f00:1]:PORT/KEY")]
    [InlineData("http://localhost:8080@127.0.0.1:PORT/KEY")]
    [InlineData("http://localhost%3A8080%40127.0.0.1:PORT/KEY")]
    [InlineData("http://127.0.0.1:PORT#@localhost:8080/KEY")]
    [InlineData("http://127.0.0.1:PORT\\@localhost:8080/KEY")]
    [InlineData("http:\\\\127.0.0.1:PORT/KEY")]
    [InlineData("//127.0.0.1:PORT/KEY")]
    [InlineData("ftp://127.0.0.1:PORT/KEY")]
    [InlineData("gopher://127.0.0.1:PORT/KEY")]
    [InlineData("http://１２７.0.0.1:PORT/KEY")]
    [InlineData("http://rebinding.eco2.example:PORT/KEY")]
    [InlineData("http://10.0.0.1/KEY")]
    [InlineData("http://192.168.0.1/KEY")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://[fe80::1]/KEY")]
    [InlineData("http://[fd00::1]/KEY")]
    public async Task A_foreign_host_is_refused_and_hears_nothing(string address)
    {
        using var user = await User.SignUpAsync(attacked.System);
        using var silent = new SilentListener();
        var picture = await user.UploadAsync();
        var url = address.Replace("PORT", $"{silent.Port}", StringComparison.Ordinal).Replace("KEY", $"api/v1/images/{picture.Key}", StringComparison.Ordinal);

        using var answer = await user.PostScanAsync(new { image_url = url });

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal("IMAGE_HOST_NOT_ALLOWED", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        // The refusal comes before anything could be fetched later: nothing was accepted.
        Assert.Equal(0, (await user.Http.GetFromJsonAsync<JsonElement>("/api/v1/scan")).GetProperty("scans").GetArrayLength());
        Assert.False(silent.WasAsked);
    }
}
