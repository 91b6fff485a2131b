using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Grpc.Core;

/// <summary>Headers or trailers of a gRPC call, in order; a key may repeat. Keys are lower case; those ending in "-bin" hold bytes.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "The official name.")]
public sealed class Metadata : IList<Metadata.Entry>
{
    /// <summary>Ending of keys whose values are bytes.</summary>
    public const string BinaryHeaderSuffix = "-bin";

    /// <summary>Metadata without entries that nothing can be added to.</summary>
    public static readonly Metadata Empty = new(isReadOnly: true);

    private readonly List<Entry> _entries = [];
    private readonly bool _isReadOnly;

    /// <summary>Metadata without entries.</summary>
    public Metadata()
    {
    }

    private Metadata(bool isReadOnly) => _isReadOnly = isReadOnly;

    /// <inheritdoc/>
    public int Count => _entries.Count;

    /// <inheritdoc/>
    public bool IsReadOnly => _isReadOnly;

    /// <inheritdoc/>
    public Entry this[int index]
    {
        get => _entries[index];
        set => Writable()[index] = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The last entry with that key, or null.</summary>
    public Entry? Get(string key) => _entries.FindLast(entry => entry.HasKey(key));

    /// <summary>The text of the last entry with that key, or null.</summary>
    public string? GetValue(string key) => Get(key)?.Value;

    /// <summary>The bytes of the last entry with that key, or null.</summary>
    public byte[]? GetValueBytes(string key) => Get(key)?.ValueBytes;

    /// <summary>Every entry with that key, in order.</summary>
    public IEnumerable<Entry> GetAll(string key) => _entries.Where(entry => entry.HasKey(key));

    /// <summary>Adds text.</summary>
    public void Add(string key, string value) => Add(new Entry(key, value));

    /// <summary>Adds bytes; the key must end in "-bin".</summary>
    public void Add(string key, byte[] valueBytes) => Add(new Entry(key, valueBytes));

    /// <inheritdoc/>
    public void Add(Entry item) => Writable().Add(item ?? throw new ArgumentNullException(nameof(item)));

    /// <inheritdoc/>
    public void Insert(int index, Entry item) => Writable().Insert(index, item ?? throw new ArgumentNullException(nameof(item)));

    /// <inheritdoc/>
    public void RemoveAt(int index) => Writable().RemoveAt(index);

    /// <inheritdoc/>
    public bool Remove(Entry item) => Writable().Remove(item);

    /// <inheritdoc/>
    public void Clear() => Writable().Clear();

    /// <inheritdoc/>
    public int IndexOf(Entry item) => _entries.IndexOf(item);

    /// <inheritdoc/>
    public bool Contains(Entry item) => _entries.Contains(item);

    /// <inheritdoc/>
    public void CopyTo(Entry[] array, int arrayIndex) => _entries.CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public IEnumerator<Entry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private List<Entry> Writable() => _isReadOnly ? throw new InvalidOperationException("Object is read only") : _entries;

    /// <summary>One key with its value.</summary>
    [SuppressMessage("Design", "CA1034", Justification = "The official nesting.")]
    public class Entry
    {
        private readonly string? _value;
        private readonly byte[]? _bytes;

        /// <summary>Bytes; the key must end in "-bin".</summary>
        /// <exception cref="ArgumentException">The key has no "-bin" at its end, or characters a header cannot have.</exception>
        public Entry(string key, byte[] valueBytes)
        {
            Key = Normalize(key);
            _bytes = [.. valueBytes ?? throw new ArgumentNullException(nameof(valueBytes))];
            if (!IsBinary)
            {
                throw new ArgumentException("A key with bytes ends in '-bin'.", nameof(key));
            }
        }

        /// <summary>Text; the key must not end in "-bin".</summary>
        /// <exception cref="ArgumentException">The key ends in "-bin", or has characters a header cannot have.</exception>
        public Entry(string key, string value)
        {
            Key = Normalize(key);
            _value = value ?? throw new ArgumentNullException(nameof(value));
            if (IsBinary)
            {
                throw new ArgumentException("A key with text does not end in '-bin'.", nameof(key));
            }
        }

        /// <summary>Lower case.</summary>
        public string Key { get; }

        /// <summary>The text.</summary>
        /// <exception cref="InvalidOperationException">The entry holds bytes.</exception>
        public string Value => _value ?? throw new InvalidOperationException("The entry holds bytes.");

        /// <summary>The bytes, or the text as ASCII.</summary>
        [SuppressMessage("Performance", "CA1819", Justification = "The official shape; a copy each time.")]
        public byte[] ValueBytes => _bytes is null ? Encoding.ASCII.GetBytes(_value!) : [.. _bytes];

        /// <summary>Whether the key ends in "-bin".</summary>
        public bool IsBinary => Key.EndsWith(BinaryHeaderSuffix, StringComparison.Ordinal);

        /// <summary>Key and value.</summary>
        public override string ToString() => $"[Entry: key={Key}, value={(IsBinary ? $"{_bytes!.Length} bytes" : _value)}]";

        internal bool HasKey(string key) => Key.Equals(key, StringComparison.OrdinalIgnoreCase);

        [SuppressMessage("Globalization", "CA1308", Justification = "HTTP/2 header names are lower case.")]
        private static string Normalize(string key)
        {
            ArgumentNullException.ThrowIfNull(key);
            return key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
                ? key.ToLowerInvariant()
                : throw new ArgumentException("A key has letters, digits, '_', '-' and '.' only.", nameof(key));
        }
    }
}
