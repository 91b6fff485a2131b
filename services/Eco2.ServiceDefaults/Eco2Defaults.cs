using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Eco2.ServiceDefaults.Telemetry;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Eco2.ServiceDefaults;

/// <summary>What every app needs to be a good citizen. <c>AddEco2</c> before the build, <c>UseEco2</c> after it.</summary>
public static class Eco2Defaults
{
    /// <summary>A request body that a route does not allow more for.</summary>
    public const int DefaultMaxBodyBytes = 256 * 1024;

    // What dapr.yaml allows; a picture of 10 MB in base64 fits.
    internal const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <param name="builder">The app.</param>
    /// <param name="service">Its app id.</param>
    /// <param name="contracts">Source-generated JSON of the shapes it sends and takes; reflection serves the rest.</param>
    /// <param name="edge">True for the one app that people reach directly.</param>
    public static WebApplicationBuilder AddEco2(
        this WebApplicationBuilder builder,
        string service,
        IJsonTypeInfoResolver? contracts = null,
        bool edge = false)
    {
        var services = builder.Services;
        var identity = new ServiceIdentity(service, edge);
        services.TryAddSingleton(identity);
        Intake.Add(builder);
        services.TryAddSingleton(TimeProvider.System);
        if (contracts is not null)
        {
            services.AddSingleton(contracts);
        }

        services.TryAddSingleton<WireJson>();
        services.AddOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>().Configure<IEnumerable<IJsonTypeInfoResolver>>((json, resolvers) =>
        {
            WireJson.Shape(json.SerializerOptions, resolvers);
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.MaxDepth = 32;
        });

        // Bad bodies reach the translator in every environment, so that they answer alike.
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.AddSingleton<Microsoft.AspNetCore.Http.IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ProblemTranslator>();
        services.TryAddSingleton<Readiness>();
        services.AddSingleton<IReadinessCheck, SidecarCheck>();
        services.AddDaprClient((sp, dapr) => dapr
            .UseJsonSerializationOptions(sp.GetRequiredService<WireJson>().Options)
            .UseGrpcChannelOptions(new GrpcChannelOptions
            {
                MaxReceiveMessageSize = MaxMessageBytes,
                MaxSendMessageSize = MaxMessageBytes,
                ThrowOperationCanceledOnCancellation = true,
                HttpHandler = SidecarHandler.Create(sp.GetRequiredService<IConfiguration>()),
                DisposeHttpClient = true,
            }));
        services.Configure<HostOptions>(o => o.ShutdownTimeout = builder.Configuration.GetValue("Eco2:ShutdownTimeout", TimeSpan.FromSeconds(4)));

        builder.AddTelemetry();
        Listen(builder);
        return builder;
    }

    /// <summary>Puts the guards and the probes before the routes of the app.</summary>
    public static WebApplication UseEco2(this WebApplication app)
    {
        // What only the start needed goes back to the system: an idle app is then some megabytes smaller.
        app.Lifetime.ApplicationStarted.Register(() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
        app.UseTelemetry();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<AppTokenGuard>();
        app.UseRouting();
        app.Use(app.Services.GetRequiredService<Intake>().HandleAsync);
        app.MapGet("/healthz", Probes.Live);
        app.MapGet("/readyz", Probes.Ready);
        return app;
    }

    private static void Listen(WebApplicationBuilder builder)
    {
        var urls = builder.Configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } given ? given
            : builder.Configuration["APP_PORT"] is { Length: > 0 } port ? $"http://127.0.0.1:{port}"
            : throw new InvalidOperationException("Set APP_PORT (or ASPNETCORE_URLS): the port on which the sidecar reaches this app.");
        builder.WebHost.UseUrls(TelemetryDefaults.MetricsUrl(builder.Configuration) is { } metrics ? $"{urls};{metrics}" : urls);

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = DefaultMaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            kestrel.Limits.MaxRequestLineSize = 8 * 1024;
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        });
    }
}
