namespace Dapr.Actors;

/// <summary>Base of the interfaces that actors offer. Their methods return <see cref="Task"/> or <see cref="Task{TResult}"/> and are not overloaded.</summary>
#pragma warning disable CA1040 // A mark, as in the official package.
public interface IActor;
#pragma warning restore CA1040
