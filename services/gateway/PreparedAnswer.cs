using System.IO.Compression;
using System.Security.Cryptography;
using Eco2.Gateway.Forwarding;
using Microsoft.Net.Http.Headers;

namespace Eco2.Gateway;

/// <summary>Bytes that are the same for everybody, compressed beforehand, with an ETag for each form. Who sends it sets caching and Vary.</summary>
internal sealed class PreparedAnswer(string type, byte[] plain, byte[]? brotli, byte[]? gzip)
{
    private readonly Body asIs = new(plain, null);
    private readonly Body? asBrotli = brotli is null ? null : new(brotli, "br");
    private readonly Body? asGzip = gzip is null ? null : new(gzip, "gzip");

    public static PreparedAnswer Compress(string type, byte[] bytes) => new(
        type, bytes, Pack(bytes, to => new BrotliStream(to, CompressionLevel.Optimal)), Pack(bytes, to => new GZipStream(to, CompressionLevel.Optimal)));

    public async Task SendAsync(HttpContext http)
    {
        Headers.Secure(http.Response);
        var headers = http.Response.Headers;
        var body = For(http.Request.GetTypedHeaders().AcceptEncoding);
        headers.ETag = body.Tag;
        if (http.Request.Headers.IfNoneMatch.ToString().Contains(body.Tag, StringComparison.Ordinal))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = type;
        http.Response.ContentLength = body.Bytes.Length;
        if (body.Encoding is not null)
        {
            headers.ContentEncoding = body.Encoding;
        }

        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(body.Bytes, http.RequestAborted);
        }
    }

    private Body For(IList<StringWithQualityHeaderValue> accepted)
    {
        bool Takes(string encoding) => accepted.Any(one => one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && one.Quality is not 0);
        return asBrotli is not null && Takes("br") ? asBrotli : asGzip is not null && Takes("gzip") ? asGzip : asIs;
    }

    private static byte[] Pack(byte[] bytes, Func<Stream, Stream> open)
    {
        var packed = new MemoryStream();
        using (var packer = open(packed))
        {
            packer.Write(bytes);
        }

        return packed.ToArray();
    }

    private sealed class Body(byte[] bytes, string? encoding)
    {
        public byte[] Bytes => bytes;

        public string? Encoding => encoding;

        public string Tag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\"";
    }
}
