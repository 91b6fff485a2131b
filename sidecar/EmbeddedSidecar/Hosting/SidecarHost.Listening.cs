using System.Net.Sockets;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Telemetry;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EmbeddedSidecar.Hosting;

/// <content>The ports: HTTP and gRPC of each app, and its metrics if it has any.</content>
public sealed partial class SidecarHost
{
    private async Task ListenAsync(HttpApi httpApi, GrpcRoutes grpcRoutes, CancellationToken ct)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(_services.Logs);
        var ports = new List<(AppInstance App, SidecarPort Port, ListenOptions Listen)>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.UTF8;
            // Streams may be silent for hours: liveness is pings and closed connections, not a rate of bytes.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            // Each HTTP port has a limit of its own, which is looked after further on; this one must only not be below it.
            var head = Math.Max(64 << 10, _served.Max(served => served.App.Settings.ReadBufferBytes) + 8192);
            kestrel.Limits.MaxRequestHeadersTotalSize = head;
            kestrel.Limits.MaxRequestLineSize = head;
            kestrel.Limits.MaxRequestBufferSize = Math.Max(1 << 20, head);
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            kestrel.Limits.Http2.InitialStreamWindowSize = 1 << 20;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 4 << 20;
            foreach (var (app, _) in _served)
            {
                Listen(app, SidecarPort.Http, app.Settings.HttpPort);
                Listen(app, SidecarPort.Grpc, app.Settings.GrpcPort);
                if (app.Metrics is not null)
                {
                    Listen(app, SidecarPort.Metrics, app.Settings.MetricsPort ?? 0);
                }
            }

            void Listen(AppInstance app, SidecarPort kind, int port) =>
                kestrel.Listen(app.Settings.ListenAddress, port, listen =>
                {
                    listen.Protocols = kind == SidecarPort.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
                    var endpoint = new SidecarEndpoint(app, kind);
                    listen.Use(next => connection =>
                    {
                        if (app.Stopping.IsCancellationRequested)
                        {
                            connection.Abort();
                            return Task.CompletedTask;
                        }

                        connection.Features.Set(endpoint);
                        return next(connection);
                    });
                    ports.Add((app, kind, listen));
                });
        });
        _web = builder.Build();
        _web.Run(http =>
        {
            var endpoint = http.Features.GetRequiredFeature<SidecarEndpoint>();
            if (endpoint.App.IsShutDown)
            {
                http.Abort();
                return Task.CompletedTask;
            }

            return endpoint.Port switch
            {
                SidecarPort.Grpc => grpcRoutes.DispatchAsync(http, endpoint.App),
                SidecarPort.Metrics => ShowMetricsAsync(http, endpoint.App),
                _ => httpApi.DispatchAsync(http, endpoint.App),
            };
        });
        try
        {
            await _web.StartAsync(ct);
        }
        catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            throw new SidecarConfigurationException($"A port for the sidecar is taken: {taken.Message}", taken);
        }
        catch (SocketException refused)
        {
            throw new SidecarConfigurationException($"The sidecar cannot listen: {refused.Message}", refused);
        }

        foreach (var (app, kind, listen) in ports)
        {
            var port = listen.IPEndPoint!.Port;
            _ = kind switch
            {
                SidecarPort.Grpc => app.GrpcPort = port,
                SidecarPort.Metrics => app.MetricsPort = port,
                _ => app.HttpPort = port,
            };
        }

        var log = _services.Logs.CreateLogger<SidecarHost>();
        foreach (var (app, _) in _served)
        {
            Serves(log, app.AppId, app.HttpPort, app.GrpcPort);
        }
    }

    // As daprd's: any path, no token.
    private static Task ShowMetricsAsync(HttpContext http, AppInstance app)
    {
        http.Response.ContentType = DaprMetrics.ContentType;
        return http.Response.WriteAsync(app.Metrics!.Write(), http.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sidecar of {AppId} listens on {HttpPort} (HTTP) and {GrpcPort} (gRPC)")]
    private static partial void Serves(ILogger log, string appId, int httpPort, int grpcPort);
}
