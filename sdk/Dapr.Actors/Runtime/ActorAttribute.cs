#nullable disable
namespace Dapr.Actors.Runtime;

/// <summary>Names an actor's type, where it is not to be the class's name.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ActorAttribute : Attribute
{
    /// <summary>The name.</summary>
    public string TypeName { get; set; }
}
