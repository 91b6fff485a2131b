using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>A request that is wrong in one or more ways.</summary>
/// <param name="What">The operation and what is wrong, to find it again.</param>
/// <param name="IsHttp">False where it is not even HTTP: then the server below may close the connection or say 400 without a body.</param>
/// <param name="Ends">It says that more comes than does.</param>
public sealed record Malformed(string What, byte[] Bytes, bool IsHttp, bool Ends)
{
    private static readonly string[] Texts =
    [
        "\0", "a\0b", "\u202Egpj.exe", "\u200B\u200D\uFEFF", "раураl", "a" + string.Concat(Enumerable.Repeat("\u0301", 300)), "♻️👩‍👩‍👧‍👦🏴\U000E0067", "' OR 1=1 --", "'; DROP TABLE scan.jobs; --",
        "line\r\n{\"level\":\"Error\"}", "%s%n{0}${jndi:ldap://127.0.0.1/}", "../../etc/passwd", "file:///etc/passwd", "<script>alert(1)</script>", "NaN", "-1", "9999999999999999999999", "=cmd|' /C calc'!A0", "", " ",
    ];

    private static readonly string[] Values =
        ["null", "true", "0", "-1", "1e999", "1.5", "99999999999999999999999999", "\"\"", "[]", "{}", "[null]", "{\"a\":{\"a\":{}}}", "\"\\ud800\"", "\"\\u0000\"", "\"\\udc00\\ud800\"", "\"2026-99-99T99:99:99Z\"", "\"0001-01-01T00:00:00Z\"", "[1,\"a\",null]"];

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "FOO-BAR", "QUERY"];

    private static readonly string[] Headers =
    [
        "X-User-Id: 0198c0de-0000-7000-8000-000000000001", "X-User-Roles: admin", "X-Forwarded-For: 127.0.0.1, ::1, garbage", "X-Forwarded-Host: evil.example", "Forwarded: for=\"[::1]\"", "X-Original-URL: /internal/taxonomy",
        "X-HTTP-Method-Override: DELETE", "Accept: application/xml;q=-1, */*;q=nan", "Accept-Language: xx-\u00ff", "Accept-Encoding: \u00fe", "If-Match: garbage", "If-Match: *", "If-None-Match: \"", "Last-Event-ID: 99999999999999999999", "Last-Event-ID: -1",
        "Idempotency-Key: x", "Idempotency-Key: \u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6", "X-Idempotency-Key: ' OR 1=1 --", "Range: bytes=9-1", "Range: bytes=0-,0-,0-,0-", "traceparent: 00-zz-00-ff", "tracestate: ====", "baggage: ;;;=,",
        "Cookie: s_access=garbage; s_access=garbage; =;;", "Cookie: s_refresh=\u00ff\u00fe", "Origin: null", "Origin: https://evil.example", "Upgrade: websocket", "Content-Encoding: gzip", "Content-Encoding: br", "Content-Range: bytes 0-1/99999",
        "X-Requested-With: eco2", "dapr-app-id: auth", "dapr-api-token: x", "X-API-Key: eco2_0_0", "X-API-Key: ", "User-Agent: \t", "Date: yesterday", "Host-2: a", "Max-Forwards: -1", "Via: 1.1 \u00ff",
    ];

    private static readonly string[] ContentTypes =
        ["text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/json; charset=nonsense", "application/json;;;", "", "image/png", "*/*", "\u00ff/\u00fe"];

    private static readonly string[] Segments =
        ["not-an-id", "%00", "%ff%fe", "%2e%2e", "..", "%2e%2e%2finternal", "0198c0de-0000-7000-8000-00000000000", "0198C0DE-0000-7000-8000-000000000001", "{0198c0de-0000-7000-8000-000000000001}", "-1", "'%20OR%201=1--", "%F0%9F%A5%A4", "%ED%A0%80", ";a=b", "a%0d%0aX-Injected:1", "%25%32%65", "null", "*", "~", "%c0%ae"];

    public static Malformed Of(Operation operation, string credentials, Random random)
    {
        var (method, path, type) = (operation.Method, Path(operation, random, out var wrong), operation.Body is null ? operation.TakesPicture ? "image/jpeg" : "" : "application/json");
        var body = operation.Body is { } sample ? Encoding.UTF8.GetBytes(sample.ToJsonString()) : operation.TakesPicture ? "\xFF\xD8\xFF\xE0 not a picture"u8.ToArray() : [];
        // A server never lets NUL into a path.
        var (extra, isHttp) = (new StringBuilder(), !path.Split('?')[0].Contains("%00", StringComparison.Ordinal));
        string? length = null;
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            switch (random.Next(operation.Body is null ? 4 : 12))
            {
                case 0 when random.Next(3) == 0 && !operation.Path.EndsWith("/users/me", StringComparison.Ordinal):
                    method = Pick(Methods, random);
                    wrong += ", method " + method;
                    break;
                case 0 or 1:
                    var header = random.Next(30) switch { 0 => "X-Long: " + new string('x', random.Next(1000, 40_000)), 1 => string.Join("\r\n", Enumerable.Range(0, 150).Select(i => $"X-Many-{i}: {i}")), _ => Pick(Headers, random) };
                    extra.Append(header).Append("\r\n");
                    isHttp &= Ascii.IsValid(header);
                    wrong += ", header " + header[..Math.Min(40, header.Length)];
                    break;
                case 2:
                    type = Pick(ContentTypes, random);
                    isHttp &= Ascii.IsValid(type);
                    wrong += ", type " + type;
                    break;
                case 3 when random.Next(4) == 0:
                    length = Pick(["-1", "99999999999999999999", "abc", (body.Length + 10).ToString(CultureInfo.InvariantCulture), "1\r\nContent-Length: 2", "+1", "0x10", "5\r\nTransfer-Encoding: chunked"], random);
                    wrong += ", length " + length;
                    break;
                default:
                    (body, var how) = Spoil(operation.Body ?? new JsonObject(), random);
                    wrong += ", body " + how;
                    break;
            }
        }

        var head = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{credentials}");
        head.Append(type.Length > 0 ? $"Content-Type: {type}\r\n" : "").Append(extra);
        if (length is null && random.Next(20) == 0)
        {
            head.Append("Transfer-Encoding: chunked\r\n\r\n");
            var isRight = random.Next(2) == 0;
            wrong += isRight ? ", in chunks" : ", in broken chunks";
            byte[] chunked = isRight ? [.. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. (body.Length == 0 ? "\r\n"u8 : "\r\n0\r\n\r\n"u8)] : [.. "zz\r\n"u8, .. body];
            return new Malformed($"{operation.Name}{wrong}", [.. Encoding.Latin1.GetBytes(head.ToString()), .. chunked], isHttp && isRight, !isRight);
        }

        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length ?? body.Length.ToString(CultureInfo.InvariantCulture)}\r\n\r\n");
        return new Malformed($"{operation.Name}{wrong}", [.. Encoding.Latin1.GetBytes(head.ToString()), .. body], isHttp && length is null, length is not null);
    }

    private static string Path(Operation operation, Random random, out string wrong)
    {
        wrong = "";
        var path = string.Join('/', operation.Path.Split('/').Select(segment =>
            !segment.Contains('{', StringComparison.Ordinal) ? segment
            : segment.StartsWith("{channel", StringComparison.Ordinal) && random.Next(2) == 0 ? "scan"
            : random.Next(20) switch { 0 => new string('x', random.Next(1, 9000)), < 8 => "0198c0de-0000-7000-8000-000000000001", _ => Pick(Segments, random) }));
        foreach (var name in operation.Query.Append("surprise").Where(_ => random.Next(3) == 0))
        {
            path += (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + name + "=" + Uri.EscapeDataString(Pick(Texts, random));
        }

        path = random.Next(60) switch { 0 => path + "/", 1 => "/" + path, 2 => path + "?" + new string('q', 12_000), 3 => path + "?limit=1&limit=2&limit=%ff&cursor=AAAA%00", 4 => path.Replace("/api", "/API/./", StringComparison.Ordinal), _ => path };
        wrong = " as " + path[..Math.Min(120, path.Length)];
        return path;
    }

    private static (byte[] Body, string How) Spoil(JsonNode sample, Random random)
    {
        var right = sample.ToJsonString();
        switch (random.Next(14))
        {
            case 0:
                return ([.. Encoding.UTF8.GetBytes(right)[..random.Next(right.Length)]], "cut off");
            case 1:
                var depth = random.Next(10, 20_000);
                return (Encoding.ASCII.GetBytes(new string('[', depth) + new string(']', random.Next(2) * depth)), "deep");
            case 2:
                return ([.. Encoding.ASCII.GetBytes("{\"a\":\""), 0xFF, 0xC0, 0xAF, 0xED, 0xA0, 0x80, .. "\"}"u8], "not UTF-8");
            case 3:
                return (Encoding.UTF8.GetBytes(right + "}garbage\0"), "more behind it");
            case 4:
                return ([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(right)], "with a mark");
            case 5:
                return (Encoding.Unicode.GetBytes(right), "UTF-16");
            case 6:
                return (Encoding.UTF8.GetBytes(Pick(Values, random)), "a single value");
            case 7:
                return (Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Repeat("\"x\":1", random.Next(1, 5000)))}}}"), "many members");
        }

        if (sample is not JsonObject { Count: > 0 } members)
        {
            return ([.. Enumerable.Range(0, random.Next(1, 400)).Select(_ => (byte)random.Next(256))], "noise");
        }

        var name = members.ElementAt(random.Next(members.Count)).Key;
        var (value, how) = random.Next(5) switch
        {
            0 => (JsonValue.Create(Pick(Texts, random)).ToJsonString(), "odd text"),
            1 => ($"\"{new string('가', random.Next(1, 30_000))}\"", "long text"),
            2 => ($"[{string.Join(',', Enumerable.Repeat("\"a\"", random.Next(1, 20_000)))}]", "long list"),
            3 => ($"1,\"{name}\":{Pick(Values, random)}", "twice"),
            _ => (Pick(Values, random), "wrong type"),
        };
        return (Encoding.UTF8.GetBytes("{" + string.Join(',', members.Select(member => $"\"{member.Key}\":{(member.Key == name ? value : member.Value?.ToJsonString() ?? "null")}")) + "}"), $"{name} {how} {value[..Math.Min(30, value.Length)]}");
    }

    private static string Pick(string[] from, Random random) => from[random.Next(from.Length)];
}
