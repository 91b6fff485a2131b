using System.Reflection;
using System.Runtime.CompilerServices;

namespace Dapr.Sdk.Tests;

/// <summary>Types as the lists write them: C# names without namespaces, nullability included.</summary>
internal static class TypeText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(double)] = "double",
    };

    public static string Of(ParameterInfo parameter)
    {
        var type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        return Of(type, new NullabilityInfoContext().Create(parameter), Names(parameter));
    }

    public static string Of(PropertyInfo property) => Of(property.PropertyType, new NullabilityInfoContext().Create(property), Names(property));

    public static string Of(FieldInfo field) => Of(field.FieldType, new NullabilityInfoContext().Create(field), Names(field));

    /// <summary>Without nullability: bases, constraints.</summary>
    public static string Of(Type type) => Of(type, nullability: null, names: null);

    /// <summary>The simple name with type parameters.</summary>
    public static string Name(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>" : type.Name;

    private static string Of(Type type, NullabilityInfo? nullability, Queue<string>? names)
    {
        // A type parameter may be null whatever the annotation: the lists' marks of it say nothing that a caller can see.
        var mark = !type.IsValueType && !type.IsGenericParameter && nullability?.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray)
        {
            return Of(type.GetElementType()!, nullability?.ElementType, names) + "[]" + mark;
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying) + "?";
        }

        if (!type.IsGenericType)
        {
            return Keywords.GetValueOrDefault(type, type.Name) + mark;
        }

        var arguments = type.GetGenericArguments()
            .Select((argument, index) => Of(argument, nullability?.GenericTypeArguments.ElementAtOrDefault(index), names))
            .ToArray();
        return type.IsAssignableTo(typeof(ITuple)) && type.IsValueType
            ? $"({string.Join(", ", arguments.Select(argument => names is { Count: > 0 } && names.Dequeue() is { } name ? $"{argument} {name}" : argument))})"
            : $"{type.Name.Split('`')[0]}<{string.Join(", ", arguments)}>{mark}";
    }

    private static Queue<string>? Names(ICustomAttributeProvider item) =>
        item.GetCustomAttributes(typeof(TupleElementNamesAttribute), inherit: false) is [TupleElementNamesAttribute names]
            ? new Queue<string>(names.TransformNames!)
            : null;
}
