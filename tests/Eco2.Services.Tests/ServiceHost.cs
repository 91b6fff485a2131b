using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Eco2.Services.Tests;

/// <summary>One service as production builds it, on a port of its own. Disposing it fails if it logged an error nobody expected.</summary>
internal sealed class ServiceHost : IAsyncDisposable
{
    public const string AppToken = "the-token-of-the-sidecar";
    public const string EncryptionKey = "a-key-for-tests-and-nothing-else-0123456789";
    private readonly WebApplication app;
    private readonly ErrorLog errors;

    private ServiceHost(WebApplication app, ErrorLog errors, Uri address)
    {
        (this.app, this.errors, Address) = (app, errors, address);
        Client = NewClient();
    }

    public Uri Address { get; }

    /// <summary>Calls as the sidecar would: with the app token, without following redirects or keeping cookies.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => app.Services;

    /// <summary>A test that provokes an error says so.</summary>
    public void ExpectErrors() => errors.Expected = true;

    public static async Task<ServiceHost> StartAsync(
        Func<string[], Action<WebApplicationBuilder>?, WebApplication> build,
        string? postgres = null,
        TimeProvider? clock = null,
        params string[] options)
    {
        var errors = new ErrorLog();
        string[] args =
        [
            "--urls=http://127.0.0.1:0",
            $"--APP_API_TOKEN={AppToken}",
            // Nobody listens there unless a test says otherwise.
            "--DAPR_HTTP_PORT=1",
            "--DAPR_GRPC_PORT=1",
            $"--Auth:EncryptionKey={EncryptionKey}",
            .. postgres is null ? Array.Empty<string>() : [$"--ECO2_POSTGRES={postgres}"],
            .. options.Select(option => $"--{option}"),
        ];
        var app = build(args, builder =>
        {
            builder.Logging.AddProvider(errors);
            if (clock is not null)
            {
                builder.Services.AddSingleton(clock);
            }
        });
        await app.StartAsync();
        return new ServiceHost(app, errors, new Uri(app.Urls.First()));
    }

    public HttpClient NewClient(bool token = true)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
        if (token)
        {
            client.DefaultRequestHeaders.Add("dapr-api-token", AppToken);
        }

        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        if (!errors.Expected && !errors.Lines.IsEmpty)
        {
            throw new InvalidOperationException("The service logged errors: " + string.Join("\n", errors.Lines));
        }
    }

    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public bool Expected { get; set; }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Lines.Enqueue($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>A clock that stands still until a test moves it. Timers keep running on real time.</summary>
internal sealed class TestClock : TimeProvider
{
    private DateTimeOffset now = new(2026, 3, 1, 2, 3, 4, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(TimeSpan by) => now += by;
}
