using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Bindings;

/// <summary>bindings.smtp: sends HTML mail. What a request does not say, an earlier one has said, else the component.</summary>
/// <remarks>That a request leaves its addresses and its subject to those after it is daprd's way too.</remarks>
internal sealed class SmtpBinding : IOutputBinding
{
    private static readonly string[] Overridable = ["emailFrom", "emailTo", "emailCC", "emailBCC", "subject", "priority"];
    private readonly SmtpOptions _server;
    private readonly ConcurrentDictionary<string, string> _settings = new(StringComparer.Ordinal);
    private readonly TimeProvider _clock;

    public SmtpBinding(ComponentContext context)
    {
        var metadata = context.Metadata;
        _clock = context.Services.Clock;
        metadata.Required("port");
        _server = new SmtpOptions(
            metadata.Required("host"), metadata.Integer("port", 0), metadata.Optional("user"), metadata.Optional("password"), metadata.Flag("skipTLSVerify", false));
        if ((_server.User is null) != (_server.Password is null))
        {
            throw metadata.Refuse(_server.User is null ? "user" : "password", "is required: both user and password, or neither");
        }

        foreach (var name in Overridable)
        {
            _settings[name] = metadata.Text(name, name == "priority" ? "3" : "");
        }

        if (!IsPriority(_settings["priority"]))
        {
            throw metadata.Refuse("priority", "must be between 1 (highest) and 5 (lowest)");
        }
    }

    public IReadOnlyList<string> Operations { get; } = ["create"];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task<BindingAnswer?> InvokeAsync(BindingRequest request, CancellationToken ct)
    {
        if (request.Value("priority") is { } priority && !IsPriority(priority))
        {
            throw new BindingException("smtp binding error:  priority value must be between 1 (highest) and 5 (lowest)");
        }

        foreach (var name in Overridable)
        {
            _settings[name] = request.Value(name) ?? _settings[name];
        }

        if (Array.Find(["emailFrom", "emailTo", "subject"], name => _settings[name].Length == 0) is { } missing)
        {
            throw new BindingException($"smtp binding error: {missing} property not supplied in configuration- or request-metadata");
        }

        var from = _settings["emailFrom"];
        var (to, cc, bcc) = (Addresses("emailTo"), Addresses("emailCC"), Addresses("emailBCC"));
        var mail = Compose(from, to, cc, _settings["subject"], _settings["priority"], BindingData.Unquote(request.Data));
        await SmtpSession.SendAsync(_server, from, [.. to, .. cc, .. bcc], mail, ct);
        return null;
    }

    private static bool IsPriority(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var priority) && priority is >= 1 and <= 5;

    // Nothing is left out: an empty address is a wrong one.
    private string[] Addresses(string name) => _settings[name].Length == 0 ? [] : _settings[name].Split(';', StringSplitOptions.TrimEntries);

    private byte[] Compose(string from, string[] to, string[] cc, string subject, string priority, ReadOnlyMemory<byte> html)
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
        Header("X-Priority", priority);
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
