using Eco2.Testing.StandIns;
using Xunit;

namespace Eco2.Services.Tests.Auth.Providers;

public sealed class SecretStoreTests
{
    [Fact]
    public async Task What_no_setting_holds_is_read_from_the_secret_store_by_its_name()
    {
        Environment.SetEnvironmentVariable("ECO2_SECRET_local-client-secret", IdentityProvider.ClientSecret);
        Environment.SetEnvironmentVariable("ECO2_SECRET_auth-encryption-key", "a-key-from-the-store-of-secrets-0123456789");
        await using var sidecar = await TestSidecar.StartAsync("auth");
        await using var app = await ProviderApp.StartAsync(null, ["Auth:Providers:local:ClientSecret=", "Auth:EncryptionKey=", .. sidecar.OptionsOf("auth")]);
        await sidecar.AttachAsync("auth", app.Host.Address);
        using var browser = app.NewBrowser();

        Assert.Equal(Browser.PublicUrl + "/#/home", await browser.SignInAsync());

        Assert.Equal(IdentityProvider.ClientSecret, Assert.Single(app.Provider.TokenRequests)["client_secret"]);
        Assert.Equal(1, await app.CountAsync("signing_keys where get_byte(private_key, 0) = 1"));
    }
}
