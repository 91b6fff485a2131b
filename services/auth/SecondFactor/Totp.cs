using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Eco2.Auth.SecondFactor;

/// <summary>Time-based one-time passwords, RFC 6238, as every authenticator app has them: SHA-1, 30 seconds, 6 digits.</summary>
internal static class Totp
{
    private const int SecretBytes = 20, Digits = 6, StepSeconds = 30;
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    public static long StepAt(DateTimeOffset time) => time.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The step whose code this is: now, or one before or after, for clocks that differ. Null when it is none of them, or was taken before.</summary>
    /// <param name="secret">Of the account.</param>
    /// <param name="code">Six digits.</param>
    /// <param name="now">Here.</param>
    /// <param name="last">The last step that was taken; steps up to it count for nothing.</param>
    public static long? Match(byte[] secret, string code, DateTimeOffset now, long? last)
    {
        long? matched = null;
        for (var step = StepAt(now) - 1; step <= StepAt(now) + 1; step++)
        {
            // All three are computed and compared whatever comes out.
            var same = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(CodeAt(secret, step)), Encoding.ASCII.GetBytes(code));
            matched ??= same && (last is null || step > last) ? step : null;
        }

        return matched;
    }

    public static string CodeAt(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The standard says SHA-1, and apps know no other; as HMAC it is not broken.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var value = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 15)..]) & int.MaxValue;
        return (value % 1_000_000).ToString(CultureInfo.InvariantCulture).PadLeft(Digits, '0');
    }

    /// <summary>The secret as people type it and apps read it.</summary>
    public static string Encode(byte[] secret)
    {
        var text = new StringBuilder(secret.Length * 8 / 5);
        int buffer = 0, bits = 0;
        foreach (var b in secret)
        {
            buffer = ((buffer << 8) | b) & 0xFFFF;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text.Append(Base32[(buffer >> bits) & 31]);
            }
        }

        return text.ToString();
    }

    /// <summary>What the page draws as a QR code.</summary>
    public static string Uri(byte[] secret, string account) =>
        $"otpauth://totp/{System.Uri.EscapeDataString("Eco²")}:{System.Uri.EscapeDataString(account)}?secret={Encode(secret)}&issuer={System.Uri.EscapeDataString("Eco²")}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";
}
