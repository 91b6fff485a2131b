using Eco2.ServiceDefaults;
using Xunit;

namespace Eco2.Services.Tests;

public sealed class NfcTests
{
    [Theory]
    [InlineData("\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", "한국어")]
    [InlineData("\u1109\u1162\u11bc\u1109\u116e\u1107\u1167\u11bc 1", "생수병 1")]
    [InlineData("가\u11a8", "각")]
    [InlineData("한💚a", "한💚a")]
    [InlineData("\u1112", "\u1112")]
    [InlineData("각\u11a8", "각\u11a8")]
    [InlineData("", "")]
    public void Hangul_letter_by_letter_becomes_syllables(string typed, string composed) => Assert.Equal(composed, Nfc.Compose(typed));

    [Fact]
    public void Every_syllable_comes_back_from_its_letters()
    {
        for (var c = 0xAC00; c <= 0xD7A3; c++)
        {
            var i = c - 0xAC00;
            var tail = i % 28 == 0 ? "" : ((char)(0x11A7 + (i % 28))).ToString();
            Assert.Equal(((char)c).ToString(), Nfc.Compose($"{(char)(0x1100 + (i / 588))}{(char)(0x1161 + (i % 588 / 28))}{tail}"));
        }
    }
}
