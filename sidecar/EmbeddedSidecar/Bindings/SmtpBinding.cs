using System.Globalization;
using System.Text;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Bindings;

/// <summary>bindings.smtp: sends HTML mail. What a request does not say, the component says.</summary>
internal sealed class SmtpBinding : IOutputBinding
{
    private static readonly string[] Overridable = ["emailFrom", "emailTo", "emailCC", "emailBCC", "subject", "priority"];
    private readonly SmtpOptions _server;
    private readonly Dictionary<string, string> _defaults = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _clock;

    public SmtpBinding(ComponentContext context)
    {
        var metadata = context.Metadata;
        _clock = context.Services.Clock;
        metadata.Required("port");
        _server = new SmtpOptions(
            metadata.Required("host"), metadata.Integer("port", 0), metadata.Optional("user"), metadata.Optional("password"), metadata.Flag("skipTLSVerify", false));
        foreach (var name in Overridable)
        {
            if (metadata.Optional(name) is { } value)
            {
                _defaults[name] = value;
            }
        }
    }

    public IReadOnlyList<string> Capabilities => [];

    public IReadOnlyList<string> Operations { get; } = ["create"];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task<BindingAnswer?> InvokeAsync(BindingRequest request, CancellationToken ct)
    {
        var from = Setting(request, "emailFrom") ?? throw new BindingException("smtp binding error: emailFrom property not supplied in configuration- or request-metadata");
        var to = Addresses(Setting(request, "emailTo"));
        var cc = Addresses(Setting(request, "emailCC"));
        var bcc = Addresses(Setting(request, "emailBCC"));
        if (to.Length == 0)
        {
            throw new BindingException("smtp binding error: emailTo property not supplied in configuration- or request-metadata");
        }

        var subject = Setting(request, "subject") ?? throw new BindingException("smtp binding error: subject property not supplied in configuration- or request-metadata");
        var mail = Compose(from, to, cc, subject, Priority(request), BindingData.Unquote(request.Data));
        await SmtpSession.SendAsync(_server, from, [.. to, .. cc, .. bcc], mail, ct);
        return null;
    }

    private string? Setting(BindingRequest request, string name) => request.Value(name) ?? _defaults.GetValueOrDefault(name);

    private int Priority(BindingRequest request) =>
        Setting(request, "priority") is not { } text ? 3
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var priority) && priority is >= 1 and <= 5 ? priority
        : throw new BindingException("smtp binding error: priority must be between 1 and 5");

    private static string[] Addresses(string? list) => (list ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private byte[] Compose(string from, string[] to, string[] cc, string subject, int priority, ReadOnlyMemory<byte> html)
    {
        var mail = new StringBuilder();
        var now = _clock.GetUtcNow();
        Header("From", from);
        Header("To", string.Join(", ", to));
        if (cc.Length > 0)
        {
            Header("Cc", string.Join(", ", cc));
        }

        Header("Subject", Encoded(subject));
        Header("Date", now.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture));
        Header("Message-ID", $"<{Guid.CreateVersion7(now):N}@{Environment.MachineName}>");
        Header("X-Priority", priority.ToString(CultureInfo.InvariantCulture));
        Header("MIME-Version", "1.0");
        Header("Content-Type", "text/html; charset=UTF-8");
        Header("Content-Transfer-Encoding", "base64");
        mail.Append("\r\n").Append(Convert.ToBase64String(html.Span, Base64FormattingOptions.InsertLineBreaks)).Append("\r\n");
        return Encoding.UTF8.GetBytes(mail.ToString());

        // A line break in a value would begin another header.
        void Header(string name, string value) => mail.Append(name).Append(": ").Append(value.ReplaceLineEndings(" ")).Append("\r\n");
    }

    private static string Encoded(string text) =>
        Ascii.IsValid(text) ? text : string.Join(" ", Pieces(text).Select(piece => $"=?UTF-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(piece))}?="));

    // An encoded word may have 75 characters: 12 of ours in UTF-8 and base64 always fit.
    private static IEnumerable<string> Pieces(string text)
    {
        var piece = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            piece.Append(rune);
            if (piece.Length >= 12)
            {
                yield return piece.ToString();
                piece.Clear();
            }
        }

        if (piece.Length > 0)
        {
            yield return piece.ToString();
        }
    }
}
