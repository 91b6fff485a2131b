using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Eco2.Image;
using Eco2.Image.Pictures;
using Eco2.Image.Uploads;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Image;

/// <summary>Presigned addresses, checked as S3 checks them and used against an S3 server of somebody else (npm s3rver).</summary>
public sealed class PresignTests : IAsyncLifetime
{
    private readonly int port = ChildServer.FreePort();
    private ChildServer? s3rver;

    public async Task InitializeAsync()
    {
        var package = await InstallAsync();
        if (package is null)
        {
            // This is how xunit 2 is told to skip while running.
            throw new InvalidOperationException("$XunitDynamicSkip$npm cannot install s3rver here.");
        }

        var folder = Directory.CreateTempSubdirectory("eco2-s3-").FullName;
        var script = $"new (require('{package}'))({{port:{port},address:'127.0.0.1',silent:true,directory:'{folder}/objects',configureBuckets:[{{name:'pictures'}}]}}).run()";
        await File.WriteAllTextAsync(Path.Combine(folder, "serve.js"), script);
        s3rver = ChildServer.Start($"node '{folder}/serve.js'", folder, temporary: true);
        await ChildServer.WaitForPortAsync(port);
    }

    public async Task DisposeAsync()
    {
        if (s3rver is not null)
        {
            await s3rver.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_store_takes_what_was_signed_and_nothing_else()
    {
        var settings = new ImageOptions.PresignOptions { Bucket = "pictures", Region = "us-east-1", Endpoint = $"http://127.0.0.1:{port}" };
        using var s3 = Presigner.Client(settings, "S3RVER", "S3RVER");
        using var forger = Presigner.Client(settings, "S3RVER", "another secret");
        var now = TimeProvider.System.GetUtcNow();
        var key = new ImageKey("scan", Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        var picture = new PictureRow(key, "pending", null, "image/jpeg", 5, null, null, 0, 0, 0, null, now.AddMinutes(15));
        var url = await Presigner.SignAsync(s3, settings, picture);
        var forged = await Presigner.SignAsync(forger, settings, picture);

        var signed = Uri.UnescapeDataString(url);
        Assert.Contains("content-length;content-type;host", signed, StringComparison.Ordinal);
        Assert.True(IsSigned(url, "S3RVER", "image/jpeg", 5));
        Assert.False(IsSigned(forged, "S3RVER", "image/jpeg", 5));
        Assert.False(IsSigned(url, "S3RVER", "image/png", 5));
        Assert.False(IsSigned(url, "S3RVER", "image/jpeg", 6));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(url, "12345", "image/jpeg"));
        using var stored = await s3.GetObjectAsync("pictures", Intake.UploadObject(key));
        Assert.Equal(5, stored.ContentLength);
    }

    /// <summary>What S3 computes from the request it gets (Signature Version 4, query form); s3rver takes any such signature.</summary>
    private static bool IsSigned(string url, string secret, string type, long length)
    {
        var uri = new Uri(url);
        var query = uri.Query.TrimStart('?').Split('&').Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]));
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["content-length"] = $"{length}", ["content-type"] = type, ["host"] = uri.Authority };
        var canonicalQuery = string.Join('&', query.Where(p => p.Key != "X-Amz-Signature").OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
        var request = string.Join('\n', "PUT", uri.AbsolutePath, canonicalQuery, string.Concat(headers.Select(h => $"{h.Key}:{h.Value}\n")), query["X-Amz-SignedHeaders"], "UNSIGNED-PAYLOAD");
        var scope = query["X-Amz-Credential"].Split('/', 2)[1];
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secret), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        var text = string.Join('\n', "AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request))));
        return query["X-Amz-Signature"] == Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }

    private static async Task<HttpStatusCode> PutAsync(string url, string body, string type)
    {
        using var client = new HttpClient();
        using var content = new StringContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        return (await client.PutAsync(new Uri(url), content)).StatusCode;
    }

    /// <summary>Installed once beside the build's output; null when that cannot be done.</summary>
    private static async Task<string?> InstallAsync()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "npm");
        var package = Path.Combine(folder, "node_modules", "s3rver");
        if (!Directory.Exists(package))
        {
            Directory.CreateDirectory(folder);
            try
            {
                using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--silent", "--prefix", folder, "s3rver@3.7.1"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
                await npm.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or TimeoutException)
            {
                return null;
            }
        }

        return Directory.Exists(package) ? package : null;
    }
}
