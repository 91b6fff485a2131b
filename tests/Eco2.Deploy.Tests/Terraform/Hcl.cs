using System.Text;

namespace Eco2.Deploy.Tests.Terraform;

/// <summary>A block of HCL: its type and labels, its attributes with their expressions as written, its blocks.</summary>
internal sealed record Block(string Type, IReadOnlyList<string> Labels, Dictionary<string, string> Attributes, List<Block> Blocks)
{
    public IEnumerable<Block> All => Blocks.SelectMany(block => block.All).Prepend(this);

    public Block? Find(string type) => Blocks.Find(block => block.Type == type);

    /// <summary>Everything that is said in it and below, comments left out.</summary>
    public string Text => string.Join('\n', All.SelectMany(block => block.Attributes.Select(pair => $"{pair.Key} = {pair.Value}")));
}

/// <summary>As much of HCL's grammar as says whether a file is well formed and what it holds. An expression is kept as text;
/// its brackets and strings, with the templates in them, must close.</summary>
internal sealed class Hcl
{
    private readonly string text;
    private readonly string file;
    private int at;

    private Hcl(string text, string file) => (this.text, this.file) = (text, file);

    public static Block Parse(string text, string file = "")
    {
        var parser = new Hcl(text, file);
        return parser.Body(new Block("", [], [], []), nested: false);
    }

    private char Now => at < text.Length ? text[at] : '\0';

    private Block Body(Block into, bool nested)
    {
        while (true)
        {
            Blank(lines: true);
            if (Now == '\0' && !nested)
            {
                return into;
            }

            if (Now == '}' && nested)
            {
                at++;
                return into;
            }

            var name = Word();
            Blank(lines: false);
            if (Now == '=' && (at + 1 == text.Length || text[at + 1] != '='))
            {
                at++;
                var value = Expression();
                if (value == "" || !into.Attributes.TryAdd(name, value))
                {
                    throw Broken(value == "" ? $"{name} has no value" : $"{name} is set twice");
                }

                if (Now is not ('\n' or '\0' or '}'))
                {
                    throw Broken($"{name} does not end");
                }
            }
            else
            {
                var labels = new List<string>();
                while (Now != '{')
                {
                    labels.Add(Now == '"' ? String()[1..^1] : Word());
                    Blank(lines: false);
                }

                at++;
                into.Blocks.Add(Body(new Block(name, labels, [], []), nested: true));
            }
        }
    }

    /// <summary>Up to the end of the line, or of the block, outside of all brackets.</summary>
    private string Expression()
    {
        var (value, open) = (new StringBuilder(), new Stack<char>());
        while (true)
        {
            if (Now == '"')
            {
                value.Append(String());
            }
            else if (Now == '#' || (Now == '/' && at + 1 < text.Length && text[at + 1] == '/'))
            {
                Blank(lines: false);
            }
            else if (Now is '(' or '[' or '{')
            {
                open.Push(Now switch { '(' => ')', '[' => ']', _ => '}' });
                value.Append(text[at++]);
            }
            else if (open.Count > 0 && Now is ')' or ']' or '}' && open.Count > 0)
            {
                if (open.Pop() != Now)
                {
                    throw Broken($"{Now} closes what it did not open");
                }

                value.Append(text[at++]);
            }
            else if (Now is '\0' or ')' or ']' && open.Count == 0)
            {
                return open.Count == 0 && Now == '\0' ? value.ToString().Trim() : throw Broken("a bracket is open");
            }
            else if (Now is '\n' or '}' && open.Count == 0)
            {
                return value.ToString().Trim();
            }
            else if (Now == '\0')
            {
                throw Broken("a bracket is open");
            }
            else
            {
                value.Append(text[at++]);
            }
        }
    }

    private string String()
    {
        var from = at++;
        var depth = 0;
        while (depth > 0 || Now != '"')
        {
            switch (Now)
            {
                case '\0' or '\n':
                    throw Broken("a text does not end");
                case '\\':
                    at++;
                    break;
                case '$' or '%' when at + 1 < text.Length && text[at + 1] == '{':
                    depth++;
                    at++;
                    break;
                case '{' when depth > 0:
                    depth++;
                    break;
                case '}' when depth > 0:
                    depth--;
                    break;
                case '"':
                    String();
                    continue;
                default:
                    break;
            }

            at++;
        }

        at++;
        return text[from..at];
    }

    private string Word()
    {
        var from = at;
        while (char.IsAsciiLetterOrDigit(Now) || Now is '_' or '-')
        {
            at++;
        }

        return at > from ? text[from..at] : throw Broken($"a name is wanted, not {Now}");
    }

    private void Blank(bool lines)
    {
        while (Now is ' ' or '\t' or '\r' or '#' || (Now == '\n' && lines) || (Now == '/' && at + 1 < text.Length && text[at + 1] == '/'))
        {
            if (Now is '#' or '/')
            {
                while (Now is not ('\n' or '\0'))
                {
                    at++;
                }
            }
            else
            {
                at++;
            }
        }
    }

    private FormatException Broken(string what) => new($"{file}, line {text[..Math.Min(at, text.Length)].Count(c => c == '\n') + 1}: {what}");
}
