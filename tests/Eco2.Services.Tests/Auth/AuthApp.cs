using System.Net.Http.Json;
using Eco2.Testing;
using Npgsql;

namespace Eco2.Services.Tests.Auth;

internal static class AuthApp
{
    public static async Task<(ServiceHost Host, NpgsqlDataSource Db)> StartAsync(TimeProvider? clock = null, params string[] options)
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        // Real hashes would make the tests slow; one test keeps the default.
        string[] all = ["Auth:PasswordIterations=1000", .. options];
        return (await ServiceHost.StartAsync(Eco2.Auth.Program.Build, postgres, clock, all), NpgsqlDataSource.Create(postgres + ";Search Path=auth"));
    }

    public static Task<HttpResponseMessage> PostAsync(this ServiceHost host, string path, object body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/auth/{path}") { Content = JsonContent.Create(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return host.Client.SendAsync(request);
    }

    public static async Task<T> ScalarAsync<T>(this NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
