using System.Diagnostics;
using System.Globalization;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>Words on a picture: drawn as dots, and read back from what became of the picture, as a model that can read would. sharp of media packs and unpacks the pictures.</summary>
internal static class DrawnText
{
    private const int Dot = 8, Wide = 6 * Dot, High = 8 * Dot;

    private static readonly Dictionary<char, string[]> Letters = new()
    {
        [' '] = [".....", ".....", ".....", ".....", ".....", ".....", "....."],
        ['A'] = [".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"],
        ['E'] = ["#####", "#....", "#....", "####.", "#....", "#....", "#####"],
        ['G'] = [".###.", "#...#", "#....", "#.###", "#...#", "#...#", ".###."],
        ['I'] = [".###.", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."],
        ['L'] = ["#....", "#....", "#....", "#....", "#....", "#....", "#####"],
        ['N'] = ["#...#", "##..#", "##..#", "#.#.#", "#..##", "#..##", "#...#"],
        ['O'] = [".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."],
        ['R'] = ["####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#"],
        ['S'] = [".####", "#....", "#....", ".###.", "....#", "....#", "####."],
        ['T'] = ["#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."],
        ['U'] = ["#...#", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."],
    };

    /// <summary>A JPEG, dark on light, one line each.</summary>
    public static Task<byte[]> DrawAsync(params string[] lines)
    {
        var (width, height) = (lines.Max(line => line.Length) * Wide, lines.Length * High);
        var pixels = new byte[width * height];
        Array.Fill(pixels, (byte)240);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                if (y / High < lines.Length && x / Wide < lines[y / High].Length && IsDark(lines[y / High][x / Wide], x % Wide / Dot, y % High / Dot))
                {
                    pixels[(y * width) + x] = 20;
                }
            }
        }

        return SharpAsync($"s(d,{{raw:{{width:{width},height:{height},channels:1}}}}).jpeg({{quality:95}}).toBuffer()", pixels);
    }

    /// <summary>What stands on it, if it was drawn here; empty for any other picture.</summary>
    /// <param name="picture">In any format.</param>
    /// <param name="columns">Letters in a line.</param>
    public static async Task<string> ReadAsync(byte[] picture, int columns)
    {
        var pixels = await SharpAsync("s(d).greyscale().raw().toBuffer()", picture);
        var width = columns * Wide;
        var text = "";
        for (var row = 0; row < pixels.Length / width / High; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                bool Dark(int x, int y) => pixels[(((row * High) + (y * Dot) + (Dot / 2)) * width) + (column * Wide) + (x * Dot) + (Dot / 2)] < 128;
                text += Letters.FirstOrDefault(letter => Enumerable.Range(0, 35).All(n => Dark(n % 5, n / 5) == IsDark(letter.Key, n % 5, n / 5)), KeyValuePair.Create('?', Array.Empty<string>())).Key;
            }

            text += " ";
        }

        return text.Contains('?', StringComparison.Ordinal) ? "" : text;
    }

    private static bool IsDark(char letter, int x, int y) => x < 5 && y < 7 && Letters[letter][y][x] == '#';

    private static async Task<byte[]> SharpAsync(string work, byte[] input)
    {
        var script = $"const s=require('sharp');const c=[];process.stdin.on('data',x=>c.push(x)).on('end',async()=>{{const d=Buffer.concat(c);process.stdout.write(await {work})}})";
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", script])
        {
            WorkingDirectory = Path.Combine(EcoSystem.Root, "services", "media"), RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        using var output = new MemoryStream();
        var reading = node.StandardOutput.BaseStream.CopyToAsync(output);
        await node.StandardInput.BaseStream.WriteAsync(input);
        node.StandardInput.Close();
        await reading;
        await node.WaitForExitAsync();
        return node.ExitCode == 0 ? output.ToArray() : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"sharp ended with {node.ExitCode}"));
    }
}
