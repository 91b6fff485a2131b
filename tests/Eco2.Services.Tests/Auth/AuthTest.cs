using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Tests of the app auth on a database of their own, whose clock stands still until one moves it.</summary>
public abstract class AuthTest : IAsyncLifetime
{
    private protected readonly TestClock clock = new();
    private protected ServiceHost host = null!;
    private protected NpgsqlDataSource db = null!;

    private protected virtual string[] Settings => [];

    public virtual async Task InitializeAsync() => (host, db) = await AuthApp.StartAsync(clock, Settings);

    public virtual async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await db.DisposeAsync();
    }
}
