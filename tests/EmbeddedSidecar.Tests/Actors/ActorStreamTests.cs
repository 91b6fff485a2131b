using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using Kind = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsResponseAlpha1.ResponseTypeOneofCase;

namespace EmbeddedSidecar.Tests.Actors;

public sealed class ActorStreamTests
{
    [Fact]
    public async Task An_app_without_a_port_hosts_actors_by_a_stream_until_it_closes_it()
    {
        await using var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app" });
        DateTimeOffset due;
        await using (var stream = await HostStream.OpenAsync(sidecar["app"].GrpcEndpoint))
        {
            await stream.SendAsync(new() { InitialRequest = new() { Entities = { "T" }, ActorIdleTimeout = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(400)), Reentrancy = new() { Enabled = true } } });
            Assert.Equal(Kind.InitialResponse, (await stream.NextAsync()).ResponseTypeCase);
            await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == 0, "hosted");

            var answer = sidecar["app"].ActorAsync("PUT", "T/1/method/m", "{\"a\":1}", request => request.Headers.Add("X-Mine", "1"));
            var invoke = (await stream.NextAsync()).InvokeRequest;
            Assert.Equal(("T", "1", "m", "{\"a\":1}", "1"), (invoke.ActorType, invoke.ActorId, invoke.Method, invoke.Data.ToStringUtf8(), invoke.Metadata["X-Mine"]));
            Assert.NotEmpty(invoke.Metadata["Dapr-Reentrancy-Id"]);
            await stream.SendAsync(new() { InvokeResponse = new() { Id = invoke.Id, Data = ByteString.CopyFromUtf8("oops"), Metadata = { ["X-Own"] = "2" }, Error = true } });
            using (var response = await answer)
            {
                Assert.Equal((200, "oops", "2", "true"), (
                    (int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.GetValues("X-Own").Single(), response.Headers.GetValues("X-DaprErrorResponseHeader").Single()));
            }

            var failing = sidecar["app"].ActorAsync("PUT", "T/1/method/m");
            await stream.SendAsync(new() { RequestFailed = new() { Id = (await stream.NextAsync()).InvokeRequest.Id, Code = 13, Message = "broken" } });
            await failing.RefusedAsync(500, "ERR_ACTOR_INVOKE_METHOD", "error from actor service: broken");

            await sidecar["app"].ActorAsync("POST", "T/1/reminders/r", """{"dueTime":"0s","period":"1h","data":{"n":1}}""").SucceededAsync();
            var reminder = (await stream.NextAsync()).ReminderRequest;
            Assert.Equal(("r", "", "", "{\"n\":1}"), (reminder.Name, reminder.DueTime, reminder.Period, reminder.Data.Unpack<BytesValue>().Value.ToStringUtf8()));
            await stream.SendAsync(new() { ReminderResponse = new() { Id = reminder.Id, Cancel = true } });
            await Eventually.TrueAsync(async () => (int)(await sidecar["app"].ActorAsync("GET", "T/1/reminders/r")).StatusCode == 404, "cancelled");

            await sidecar["app"].ActorAsync("POST", "T/1/timers/t", """{"dueTime":"1ms","callback":"cb","data":2}""").SucceededAsync();
            var timer = (await stream.NextAsync()).TimerRequest;
            Assert.Equal(("t", "cb", "1ms", "2"), (timer.Name, timer.Callback, timer.DueTime, timer.Data.Unpack<BytesValue>().Value.ToStringUtf8()));
            await stream.SendAsync(new() { TimerResponse = new() { Id = timer.Id } });

            await sidecar["app"].ActorAsync("POST", "T/1/reminders/later", """{"dueTime":"1500ms","period":"1h"}""").SucceededAsync();
            due = TimeProvider.System.GetUtcNow().AddMilliseconds(1500);
            var deactivate = (await stream.NextAsync()).DeactivateRequest;
            Assert.Equal(("T", "1"), (deactivate.ActorType, deactivate.ActorId));
            await stream.SendAsync(new() { DeactivateResponse = new() { Id = deactivate.Id } });
            await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == 0, "deactivated");
        }

        await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == -1, "withdrawn");

        // Due while nobody is there; the next stream gets it.
        await Eventually.TrueAsync(() => TimeProvider.System.GetUtcNow() > due.AddMilliseconds(100), "overdue");
        await using var again = await HostStream.OpenAsync(sidecar["app"].GrpcEndpoint);
        await again.SendAsync(new() { InitialRequest = new() { Entities = { "T" } } });
        Assert.Equal(Kind.InitialResponse, (await again.NextAsync()).ResponseTypeCase);
        Assert.Equal("later", (await again.NextAsync()).ReminderRequest.Name);
    }

    [Fact]
    public async Task A_stream_beside_an_http_app_or_without_a_first_word_is_refused()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app" }, new AppSettings { AppId = "http", AppPort = app.Port }, new AppSettings { AppId = "grpc", AppPort = app.Port, IsGrpcApp = true });
        await using var silent = await HostStream.OpenAsync(sidecar["app"].GrpcEndpoint);
        await silent.SendAsync(new() { DeactivateResponse = new() });
        await using var beside = await HostStream.OpenAsync(sidecar["http"].GrpcEndpoint);
        await beside.SendAsync(new() { InitialRequest = new() { Entities = { "T" } } });
        await using var reserved = await HostStream.OpenAsync(sidecar["app"].GrpcEndpoint);
        await reserved.SendAsync(new() { InitialRequest = new() { Entities = { "dapr.internal.x" } } });

        await using var allowed = await HostStream.OpenAsync(sidecar["grpc"].GrpcEndpoint);
        await allowed.SendAsync(new() { InitialRequest = new() { Entities = { "T" } } });

        Assert.Equal(Kind.InitialResponse, (await allowed.NextAsync()).ResponseTypeCase);
        Assert.Equal(("3", "9", "7"), (await silent.StatusAsync(), await beside.StatusAsync(), await reserved.StatusAsync()));
    }

    /// <summary>The app's side of the stream, frame by frame.</summary>
    private sealed class HostStream : IAsyncDisposable
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(20) };
        private readonly Pipe _upload = new();
        private HttpResponseMessage _response = null!;
        private Stream _download = null!;

        public static async Task<HostStream> OpenAsync(Uri address)
        {
            var stream = new HostStream();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/dapr.proto.runtime.v1.Dapr/SubscribeActorEventsAlpha1"))
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new Upload(stream._upload.Reader) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
            };
            request.Headers.TE.ParseAdd("trailers");
            stream._response = await stream._http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            stream._download = await stream._response.Content.ReadAsStreamAsync();
            return stream;
        }

        public async Task<SubscribeActorEventsResponseAlpha1> NextAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            var head = new byte[5];
            await _download.ReadExactlyAsync(head, limit.Token);
            var frame = new byte[BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(1))];
            await _download.ReadExactlyAsync(frame, limit.Token);
            return SubscribeActorEventsResponseAlpha1.Parser.ParseFrom(frame);
        }

        public async Task SendAsync(SubscribeActorEventsRequestAlpha1 message)
        {
            var frame = new byte[5 + message.CalculateSize()];
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
            message.WriteTo(frame.AsSpan(5));
            await _upload.Writer.WriteAsync(frame);
        }

        public async Task<string> StatusAsync()
        {
            await _download.CopyToAsync(Stream.Null);
            return _response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer.First() : _response.Headers.GetValues("grpc-status").First();
        }

        public async ValueTask DisposeAsync()
        {
            await _upload.Writer.CompleteAsync();
            _response.Dispose();
            _http.Dispose();
        }

        private sealed class Upload(PipeReader source) : HttpContent
        {
            protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
            {
                await stream.FlushAsync();
                await source.CopyToAsync(new Flushing(stream));
            }

            protected override bool TryComputeLength(out long length)
            {
                length = 0;
                return false;
            }
        }

        // Sends each piece at once; a plain copy would keep small ones back.
        private sealed class Flushing(Stream inner) : Stream
        {
            public override bool CanRead => false;

            public override bool CanSeek => false;

            public override bool CanWrite => true;

            public override long Length => throw new NotSupportedException();

            public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

            public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken ct = default)
            {
                await inner.WriteAsync(buffer, ct);
                await inner.FlushAsync(ct);
            }

            public override void Flush() => inner.Flush();

            public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

            public override void SetLength(long value) => throw new NotSupportedException();
        }
    }
}
