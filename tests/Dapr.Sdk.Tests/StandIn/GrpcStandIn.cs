using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dapr.Sdk.Tests;

/// <summary>A sidecar's gRPC port as the wire reference describes it: raw frames over cleartext HTTP/2, nothing shared with the client.</summary>
public sealed class GrpcStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Func<Call, Task>> _methods = new();

    private GrpcStandIn(WebApplication app) => _app = app;

    /// <summary>Every call so far, oldest first.</summary>
    public ConcurrentQueue<Call> Calls { get; } = new();

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<GrpcStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        var standIn = new GrpcStandIn(app);
        app.Run(standIn.ServeAsync);
        await app.StartAsync();
        return standIn;
    }

    public void On(string path, Func<Call, Task> method) => _methods[path] = method;

    public void OnUnary<TRequest>(string path, MessageParser<TRequest> parser, Func<TRequest, IMessage> answer)
        where TRequest : IMessage<TRequest> =>
        On(path, async call => await call.SendAsync(answer(parser.ParseFrom(call.Message))));

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var call = new Call(context);
        context.Response.ContentType = "application/grpc";
        if (!_methods.TryGetValue(context.Request.Path, out var method))
        {
            context.Response.Headers["grpc-status"] = "12";
            return;
        }

        if (!await call.ReceiveAsync())
        {
            return;
        }

        Calls.Enqueue(call);
        try
        {
            await method(call);
            if (!call.HasEnded)
            {
                context.Response.AppendTrailer("grpc-status", "0");
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    /// <summary>One call as it came over the wire.</summary>
    public sealed class Call(HttpContext context)
    {
        public string Path { get; } = context.Request.Path;

        public string Protocol { get; } = context.Request.Protocol;

        public Dictionary<string, string> Headers { get; } = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);

        /// <summary>The frame with its five bytes in front.</summary>
        public byte[] Frame { get; private set; } = [];

        public ReadOnlySpan<byte> Message => Frame.AsSpan(5);

        public bool HasEnded { get; private set; }

        public CancellationToken Aborted { get; } = context.RequestAborted;

        public async Task<bool> ReceiveAsync()
        {
            var header = new byte[5];
            if (await context.Request.Body.ReadAtLeastAsync(header, 5, throwOnEndOfStream: false, Aborted) < 5)
            {
                return false;
            }

            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1));
            var frame = new byte[5 + length];
            header.CopyTo(frame, 0);
            await context.Request.Body.ReadExactlyAsync(frame.AsMemory(5), Aborted);
            Frame = frame;
            return true;
        }

        public async Task SendAsync(IMessage message)
        {
            await SendRawAsync(Framed(message));
        }

        public async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
        {
            await context.Response.Body.WriteAsync(bytes, Aborted);
            await context.Response.Body.FlushAsync(Aborted);
        }

        public Task FlushHeadersAsync() => context.Response.Body.FlushAsync(Aborted);

        /// <summary>Ends the call with a status: in the headers when nothing was sent yet, else in the trailers.</summary>
        public Task FailAsync(StatusCode code, string message, byte[]? details = null)
        {
            HasEnded = true;
            var encoded = Uri.EscapeDataString(message);
            if (context.Response.HasStarted)
            {
                context.Response.AppendTrailer("grpc-status", ((int)code).ToString(System.Globalization.CultureInfo.InvariantCulture));
                context.Response.AppendTrailer("grpc-message", encoded);
                return Task.CompletedTask;
            }

            context.Response.Headers["grpc-status"] = ((int)code).ToString(System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers["grpc-message"] = encoded;
            if (details is not null)
            {
                context.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(details).TrimEnd('=');
            }

            return Task.CompletedTask;
        }

        public static byte[] Framed(IMessage message)
        {
            var size = message.CalculateSize();
            var frame = new byte[5 + size];
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)size);
            message.WriteTo(frame.AsSpan(5));
            return frame;
        }
    }
}
