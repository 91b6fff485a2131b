namespace Dapr.Client;

/// <summary>How a state operation is to behave; what is unset is the store's default.</summary>
public class StateOptions
{
    /// <summary>What later reads may see.</summary>
    public ConsistencyMode? Consistency { get; set; }

    /// <summary>Who wins when two write.</summary>
    public ConcurrencyMode? Concurrency { get; set; }
}

/// <summary>What reads may see.</summary>
public enum ConsistencyMode
{
    /// <summary>Maybe an older value.</summary>
    Eventual = 0,

    /// <summary>The last value written.</summary>
    Strong = 1,
}

/// <summary>Who wins when two write.</summary>
public enum ConcurrencyMode
{
    /// <summary>The one who was first; the other is refused.</summary>
    FirstWrite = 0,

    /// <summary>The one who was last.</summary>
    LastWrite = 1,
}

/// <summary>What one operation of a transaction does.</summary>
public enum StateOperationType
{
    /// <summary>Sets a value.</summary>
    Upsert = 0,

    /// <summary>Removes a key.</summary>
    Delete = 1,
}
