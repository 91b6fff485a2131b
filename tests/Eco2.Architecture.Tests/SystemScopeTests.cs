using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests;

/// <summary>auth is the app that has to look at rows before it knows whose they are. It says why, and where is written down here.</summary>
public sealed partial class SystemScopeTests
{
    private static readonly SortedSet<string> Known = new(StringComparer.Ordinal)
    {
        "Accounts/Attempts.cs SignIn",
        "Accounts/ForgotPassword.cs Mail",
        "Accounts/ResetPassword.cs OneTimeLink",
        "Accounts/SignIn.cs SignIn",
        "Accounts/Sweep.cs Sweep",
        "Accounts/VerifyEmail.cs OneTimeLink",
        "ApiKeys/CheckKey.cs ApiKey",
        "Auditing/ListAudit.cs Audit",
        "Issuers/FindSubject.cs SignIn",
        "Keys/Reencrypt.cs Reencryption",
        "Mail/MailRelay.cs Mail",
        "Privacy/SweepTraces.cs Sweep",
        "Providers/PendingSignIns.cs SignIn",
        "Providers/SignInByProvider.cs SignIn",
        "SecondFactor/Challenges.cs SignIn",
        "Sessions/RefreshSession.cs Session",
        "Sessions/RevokedSessions.cs Revocations",
        "Sessions/SignOut.cs Session",
    };

    [Fact]
    public void Auth_sees_rows_of_everybody_where_it_says_why_and_nowhere_else()
    {
        var root = Path.Combine(Checkout.Root, "services", "auth");
        var files = Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(root, file), Text: File.ReadAllText(file)))
            .Where(file => !file.Name.StartsWith("obj", StringComparison.Ordinal)).ToList();

        Assert.Equal(Known, files.SelectMany(file => Scope().Matches(file.Text).Select(match => $"{file.Name} {match.Groups[1].Value}")).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["SystemScope.cs"], files.Where(file => Unnamed().IsMatch(file.Text)).Select(file => file.Name));
    }

    [GeneratedRegex(@"\bSystemScope\.(\w+)\b")]
    private static partial Regex Scope();

    [GeneratedRegex("BeginForAllUsersAsync|QueryForAllUsersAsync|BecomeAll|eco2\\.user_id")]
    private static partial Regex Unnamed();
}
