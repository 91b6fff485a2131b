using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>PostgreSQL for one service: its own schema, its own role, a small pool.</summary>
public static class Database
{
    /// <summary>Registers <see cref="NpgsqlDataSource"/> as the service's role and applies the numbered <c>Migrations/*.sql</c> embedded in
    /// <paramref name="migrations"/> before the app listens. Call it after <c>AddEco2</c>. A connection sees
    /// nobody's rows until it says for whom it acts (<see cref="UserRows"/>). How it connects is
    /// <c>ECO2_POSTGRES</c>: with a login of its own, or as the owner, whose rights it then gives up. Migrations run as the owner, by <c>ECO2_POSTGRES_OWNER</c>
    /// if <c>ECO2_POSTGRES</c> is the app's own; without either nothing is migrated, and the app waits until somebody else has done it.</summary>
    public static WebApplicationBuilder AddEco2Database(this WebApplicationBuilder builder, Assembly migrations)
    {
        var login = builder.Configuration["ECO2_POSTGRES"]
            ?? throw new InvalidOperationException("Set ECO2_POSTGRES to the connection string of the app's own login, or of the database's owner.");
        var owner = builder.Configuration["ECO2_POSTGRES_OWNER"];
        var services = builder.Services;
        services.TryAddSingleton(sp => Open(login, sp.GetRequiredService<ServiceIdentity>(), builder.Configuration.GetValue("Eco2:MaxPoolSize", 10)));
        services.AddSingleton<IReadinessCheck>(sp => new DatabaseCheck(Open(login, sp.GetRequiredService<ServiceIdentity>(), maxPoolSize: 1)));
        // Hosted services start in the order of registration and before the server: nobody asks before the tables are there.
        services.AddHostedService(sp => ActivatorUtilities.CreateInstance<Migrator>(sp, DatabaseLogin.Of(sp.GetRequiredService<ServiceIdentity>(), login, owner), migrations));
        return builder;
    }

    /// <summary>Fills the positional parameters $1, $2 … of a command; null becomes a database null.</summary>
    public static NpgsqlCommand With(this NpgsqlCommand command, params ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        return command;
    }

    /// <summary>Fills the positional parameters $1, $2 … of a command of a batch.</summary>
    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand command, params ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        return command;
    }

    private static NpgsqlDataSource Open(string login, ServiceIdentity service, int maxPoolSize)
    {
        var settings = new NpgsqlConnectionStringBuilder(login)
        {
            ApplicationName = $"eco2-{service.Name}",
            // As start-up options they also survive the reset of a pooled connection.
            Options = $"-c role={service.Role} -c search_path={service.Schema}",
            MaxPoolSize = maxPoolSize,
            MinPoolSize = 0,
            // An idle connection costs the server a process.
            ConnectionIdleLifetime = 10,
            ConnectionPruningInterval = 5,
            // Also for a place in the pool: who waits longer gets a 503.
            Timeout = 3,
            CommandTimeout = 15,
            // Nothing outlives its transaction here: settings and locks are local to one. A reset is seven statements more at each use.
            NoResetOnClose = true,
            MaxAutoPrepare = 20,
            AutoPrepareMinUsages = 3,
        };
        // The name stands in metrics and spans, where the connection string would otherwise.
        return new NpgsqlSlimDataSourceBuilder(settings.ConnectionString) { Name = service.Schema }.EnableArrays().Build();
    }
}

/// <summary>Asks over a connection of its own, closed when nobody asks any more: an app whose pool is busy does its work, and taking requests
/// from it would make its neighbours busy too.</summary>
internal sealed class DatabaseCheck(NpgsqlDataSource db) : IReadinessCheck, IAsyncDisposable
{
    public string Name => "database";

    public async Task<bool> IsThereAsync(CancellationToken ct)
    {
        await using var command = db.CreateCommand("select 1");
        return await command.ExecuteScalarAsync(ct) is 1;
    }

    public ValueTask DisposeAsync() => db.DisposeAsync();
}
