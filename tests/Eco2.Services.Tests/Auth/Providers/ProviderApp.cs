using Eco2.Testing.StandIns;
using Npgsql;

namespace Eco2.Services.Tests.Auth.Providers;

/// <summary>auth, and a provider named <c>local</c> that it may sign in with.</summary>
internal sealed class ProviderApp : IAsyncDisposable
{
    private ProviderApp(ServiceHost host, NpgsqlDataSource db, IdentityProvider provider) => (Host, Db, Provider) = (host, db, provider);

    public ServiceHost Host { get; }

    public NpgsqlDataSource Db { get; }

    public IdentityProvider Provider { get; }

    public static async Task<ProviderApp> StartAsync(TimeProvider? clock = null, params string[] options)
    {
        var provider = new IdentityProvider();
        await provider.StartAsync();
        string[] all =
        [
            $"Auth:PublicUrl={Browser.PublicUrl}", "Auth:Frontends:0=https://app.eco2.example:8443",
            "Auth:Providers:local:Name=Local", $"Auth:Providers:local:Issuer={provider.Issuer}",
            $"Auth:Providers:local:ClientId={IdentityProvider.ClientId}", $"Auth:Providers:local:ClientSecret={IdentityProvider.ClientSecret}",
            .. options.Select(o => o.Replace("{provider}", provider.Issuer, StringComparison.Ordinal)),
        ];
        var (host, db) = await AuthApp.StartAsync(clock, all);
        return new ProviderApp(host, db, provider);
    }

    public Browser NewBrowser() => new(Host);

    public Task<long> CountAsync(string from) => Db.ScalarAsync<long>($"select count(*) from {from}");

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Db.DisposeAsync();
        await Provider.DisposeAsync();
    }
}
