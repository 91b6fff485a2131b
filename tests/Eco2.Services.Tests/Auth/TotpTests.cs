using System.Text;
using Eco2.Auth.SecondFactor;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class TotpTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    // RFC 6238, appendix B, SHA-1: the last six of eight digits.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void The_codes_are_those_of_the_standard(long time, string code)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(time);

        Assert.Equal(code, Totp.CodeAt(Secret, Totp.StepAt(at)));
        Assert.Equal(Totp.StepAt(at), Totp.Match(Secret, code, at, last: null));
    }

    [Fact]
    public void A_code_fits_one_step_before_and_after_and_not_two_and_not_again()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1111111111);
        var step = Totp.StepAt(now);

        Assert.Null(Totp.Match(Secret, Totp.CodeAt(Secret, step - 2), now, null));
        Assert.Equal(step - 1, Totp.Match(Secret, Totp.CodeAt(Secret, step - 1), now, null));
        Assert.Equal(step + 1, Totp.Match(Secret, Totp.CodeAt(Secret, step + 1), now, step));
        Assert.Null(Totp.Match(Secret, Totp.CodeAt(Secret, step + 2), now, null));
        Assert.Null(Totp.Match(Secret, Totp.CodeAt(Secret, step), now, step));
        Assert.Null(Totp.Match(Secret, Totp.CodeAt(Secret, step - 1), now, step));
        Assert.Null(Totp.Match(Secret, "", now, null));
    }

    [Fact]
    public void The_secret_is_written_as_apps_read_it()
    {
        Assert.Equal("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", Totp.Encode(Secret));
        Assert.Equal(
            "otpauth://totp/Eco%C2%B2:a%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Eco%C2%B2&algorithm=SHA1&digits=6&period=30",
            Totp.Uri(Secret, "a@example.com"));
    }

    [Theory]
    [InlineData("abcde-fgh12", "abcdefgh12")]
    [InlineData(" ABCDE FGH1O", "abcdefgh10")]
    [InlineData("abcdeiIlL0", "abcde11110")]
    [InlineData("abcdefgh1", null)]
    [InlineData("abcdefgh1u", null)]
    public void A_backup_code_is_read_as_people_type_it(string typed, string? read) => Assert.Equal(read, BackupCodes.Read(typed));
}
