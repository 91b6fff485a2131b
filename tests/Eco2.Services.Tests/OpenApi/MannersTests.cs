using System.Text.Json.Nodes;
using Xunit;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>What the document says of every operation of a kind: creating something can be repeated, and a change names what it saw.</summary>
public sealed class MannersTests
{
    private static readonly string[] Changing = ["put", "patch"];

    // POSTs that make nothing of their own, or whose request is itself good for once.
    private static readonly Dictionary<string, string> Repeatable = new()
    {
        ["SignIn"] = "Another session, which its owner sees and can end; an answer that is kept would be a way past lockout and second factor.",
        ["AnswerSecondFactor"] = "The challenge and the code work once.",
        ["SendVerification"] = "At most some mails with a link, and the newest counts.",
        ["ForgotPassword"] = "At most some mails with a link, and the newest counts.",
        ["VerifyEmail"] = "The link works once.",
        ["ResetPassword"] = "The link works once.",
        ["ConfirmSecondFactor"] = "The code works once.",
        ["RenewBackupCodes"] = "The code works once, and the newest backup codes count.",
        ["RefreshSession"] = "The refresh token works once; that it comes again means that it was stolen.",
        ["SignOut"] = "It ends what has ended.",
        ["SignOutAll"] = "It ends what has ended.",
        ["LinkProvider"] = "It begins something that counts for whoever finishes it.",
        ["ConfirmUpload"] = "It says the same of the same picture.",
        ["ReplayDeadLetter"] = "Subscribers know a message that they had.",
        ["ReplayDeadLetters"] = "Subscribers know a message that they had.",
    };

    // They make or replace something whole, and show by other means that they may.
    private static readonly Dictionary<string, string> Blind = new()
    {
        ["ChangePassword"] = "It shows the password that it replaces.",
        ["PutPicture"] = "It makes a new picture each time.",
        ["PutUpload"] = "Its address is for one upload.",
    };

    [Fact]
    public async Task Every_POST_takes_an_idempotency_key_or_needs_none() =>
        Assert.Equal(Repeatable.Keys.Order(), await WithoutAsync("Idempotency-Key", method => method == "post"));

    [Fact]
    public async Task Every_change_demands_the_version_that_it_saw_or_needs_none() =>
        Assert.Equal(Blind.Keys.Order(), await WithoutAsync("If-Match", Changing.Contains));

    private static async Task<IEnumerable<string>> WithoutAsync(string header, Func<string, bool> ofKind)
    {
        var document = JsonNode.Parse(await File.ReadAllTextAsync(TestSidecar.Repository("contracts/openapi/eco2.json")))!;
        return document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Where(operation => ofKind(operation.Key))
            .Where(operation => operation.Value!["parameters"]?.AsArray().Any(parameter => (string?)parameter!["name"] == header) != true)
            .Select(operation => (string)operation.Value!["operationId"]!).Order();
    }
}
