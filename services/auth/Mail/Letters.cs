using System.Net;

namespace Eco2.Auth.Mail;

/// <summary>What the mails say, in Korean and English. Nothing that somebody typed goes into them.</summary>
internal static class Letters
{
    public const string VerifyEmail = "verify-email";
    public const string ResetPassword = "reset-password";
    public const string PasswordChanged = "password-changed";
    public const string SecondFactorOn = "second-factor-on";
    public const string SecondFactorOff = "second-factor-off";
    public const string BackupCodesRenewed = "backup-codes-renewed";

    private sealed record Text(string Subject, string Body, string? Button = null);

    private static readonly Dictionary<string, Text> Korean = new()
    {
        [VerifyEmail] = new("이메일 주소를 확인해 주세요", "아래 버튼을 누르면 이 이메일 주소가 확인됩니다. 링크는 24시간 동안 한 번만 쓸 수 있습니다. 가입한 적이 없다면 이 메일을 무시해 주세요.", "이메일 확인"),
        [ResetPassword] = new("비밀번호를 다시 정해 주세요", "아래 버튼을 눌러 새 비밀번호를 정해 주세요. 링크는 30분 동안 한 번만 쓸 수 있고, 가장 최근 메일의 링크만 유효합니다. 요청한 적이 없다면 이 메일을 무시해 주세요. 비밀번호는 그대로입니다.", "비밀번호 다시 정하기"),
        [PasswordChanged] = new("비밀번호가 바뀌었습니다", "계정의 비밀번호가 방금 바뀌었고 다른 기기에서는 로그아웃되었습니다. 직접 바꾸지 않았다면 로그인 화면에서 비밀번호를 바로 다시 정해 주세요."),
        [SecondFactorOn] = new("2단계 인증이 켜졌습니다", "이제 로그인할 때 인증 앱의 코드가 필요합니다. 직접 켜지 않았다면 비밀번호를 바로 다시 정해 주세요."),
        [SecondFactorOff] = new("2단계 인증이 꺼졌습니다", "이제 비밀번호만으로 로그인할 수 있습니다. 직접 끄지 않았다면 비밀번호를 바로 다시 정해 주세요."),
        [BackupCodesRenewed] = new("백업 코드가 새로 만들어졌습니다", "예전 백업 코드는 더 이상 쓸 수 없습니다. 직접 만들지 않았다면 비밀번호를 바로 다시 정해 주세요."),
    };

    private static readonly Dictionary<string, Text> English = new()
    {
        [VerifyEmail] = new("Confirm your e-mail address", "Press the button to confirm this e-mail address. The link works once, for 24 hours. If you did not sign up, ignore this mail.", "Confirm address"),
        [ResetPassword] = new("Choose a new password", "Press the button to choose a new password. The link works once, for 30 minutes, and only the one in the newest mail. If you did not ask for it, ignore this mail: your password stays as it is.", "Choose password"),
        [PasswordChanged] = new("Your password was changed", "The password of your account was just changed, and other devices were signed out. If it was not you, choose a new one at once from the sign-in screen."),
        [SecondFactorOn] = new("Two-step sign-in is on", "From now on signing in needs a code from your authenticator app. If you did not turn it on, choose a new password at once."),
        [SecondFactorOff] = new("Two-step sign-in is off", "From now on your password alone signs in. If you did not turn it off, choose a new password at once."),
        [BackupCodesRenewed] = new("You have new backup codes", "The old backup codes work no more. If you did not make new ones, choose a new password at once."),
    };

    /// <summary>The first of ko and en that the browser prefers; Korean without a preference.</summary>
    public static string LanguageOf(HttpContext http) =>
        http.Request.GetTypedHeaders().AcceptLanguage
            .OrderByDescending(language => language.Quality ?? 1)
            .Select(language => language.Value.Value is { Length: >= 2 } tag ? tag[..2].ToLowerInvariant() : "")
            .FirstOrDefault(tag => tag is "ko" or "en") ?? "ko";

    /// <summary>Subject and HTML of a mail.</summary>
    /// <param name="link">Where its button leads; null for a mail that only tells.</param>
    public static (string Subject, string Html) Compose(string kind, string language, Uri? link)
    {
        var text = (language == "en" ? English : Korean)[kind];
        var button = "";
        if (link is not null)
        {
            var address = WebUtility.HtmlEncode(link.OriginalString);
            button =
                $"""
                <p><a href="{address}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#0b6b3a;color:#ffffff;text-decoration:none">{text.Button}</a></p>
                <p style="font-size:13px;color:#555555;word-break:break-all">{address}</p>

                """;
        }

        return ($"[Eco²] {text.Subject}",
            $"""
            <!doctype html>
            <html lang="{language}"><head><meta charset="utf-8"><title>{text.Subject}</title></head>
            <body style="font-family:sans-serif;line-height:1.6;max-width:560px;margin:24px auto;padding:0 16px;color:#1a1a1a">
            <h1 style="font-size:20px">{text.Subject}</h1>
            <p>{text.Body}</p>
            {button}</body></html>

            """);
    }
}
