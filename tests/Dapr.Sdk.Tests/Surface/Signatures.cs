using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Dapr.Sdk.Tests;

/// <summary>The public surface of an assembly in the form of <c>sdk/surface</c>: one line per type and per member.</summary>
internal static class Signatures
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly string[] OfRecords = ["<Clone>$", "PrintMembers", "Deconstruct", "EqualityContract"];

    public static IEnumerable<string> Of(Assembly assembly) => assembly.GetExportedTypes().SelectMany(Of);

    public static IEnumerable<string> Of(Type type) => Lines(type).Select(line => $"{FullName(type)}: {line}");

    /// <summary>The line of one type or member; null for what has none, such as an accessor's property of a record's constructor.</summary>
    public static string? LineOf(MemberInfo member)
    {
        if (member is Type used)
        {
            return $"{FullName(used)}: {Head(used)}";
        }

        var type = member.DeclaringType!;
        if (member is MethodInfo { IsSpecialName: true } accessor
            && type.GetProperties(All).FirstOrDefault(property => property.GetAccessors(nonPublic: true).Contains(accessor)) is { } owner)
        {
            member = owner;
        }

        return IsListed(type, member) ? $"{FullName(type)}: {Of(member)}" : null;
    }

    /// <summary>Whether another assembly may use it.</summary>
    public static bool IsPublic(MemberInfo member) => member is Type type ? type.IsVisible : member.DeclaringType!.IsVisible && IsVisible(member);

    public static string FullName(Type type) =>
        (type.DeclaringType is { } outer ? FullName(outer) : type.Namespace) + "." + TypeText.Name(type);

    public static string Of(MemberInfo member) => member switch
    {
        MethodInfo method => Attributes(method) + Modifiers(method) + Method(method),
        ConstructorInfo constructor => Attributes(constructor) + Modifiers(constructor) + $"ctor({Parameters(constructor)})",
        PropertyInfo property => Attributes(property) + Modifiers(Accessors(property).First()) + Property(property),
        FieldInfo field => Field(field),
        _ => throw new NotSupportedException(member.ToString()),
    };

    private static IEnumerable<string> Lines(Type type)
    {
        yield return Head(type);
        if (type.IsEnum)
        {
            foreach (var name in Enum.GetNames(type))
            {
                yield return $"{name}={Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)}";
            }

            yield break;
        }

        foreach (var member in type.GetMembers(All).Where(member => IsListed(type, member)))
        {
            yield return Of(member);
        }
    }

    private static string Head(Type type)
    {
        var isRecord = type.GetMethod("<Clone>$") is not null || (type.IsValueType && type.GetMethod("PrintMembers", All) is not null);
        var kind = (type.IsEnum, type.IsInterface, type.IsValueType, isRecord) switch
        {
            (true, _, _, _) => "enum",
            (_, true, _, _) => "interface",
            (_, _, true, true) => "record struct",
            (_, _, true, _) => "struct",
            (_, _, _, true) => "record",
            _ => "class",
        };
        var modifier = !type.IsClass ? "" : (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static ",
            (true, _) => "abstract ",
            (_, true) => "sealed ",
            _ => "",
        };
        return Attributes(type) + modifier + kind;
    }

    private static bool IsListed(Type type, MemberInfo member)
    {
        if (member is not (MethodInfo or ConstructorInfo or PropertyInfo or FieldInfo)
            || !IsVisible(member)
            || OfRecords.Contains(member.Name)
            || (member.IsDefined(typeof(CompilerGeneratedAttribute)) && member is not PropertyInfo))
        {
            return false;
        }

        switch (member)
        {
            case ConstructorInfo constructor:
                // Not the one that the compiler writes.
                return Constructors(type).Contains(constructor)
                    && (constructor.GetParameters().Length > 0
                        || Constructors(type).Count() > 1
                        || constructor.IsPublic == type.IsAbstract);
            case MethodInfo method:
                return !method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)
                    ? method.GetBaseDefinition().DeclaringType is { } declared && declared != typeof(object) && declared != typeof(Exception)
                    : false;
            case PropertyInfo property:
                // What a record's constructor takes is a property too, and is not said twice.
                return type.GetMethod("PrintMembers", All) is null
                    || !type.GetConstructors(All).Any(constructor => constructor.GetParameters().Any(parameter => parameter.Name == property.Name));
            default:
                return true;
        }
    }

    // Without the copy constructors of records.
    private static IEnumerable<ConstructorInfo> Constructors(Type type) => type.GetConstructors(All)
        .Where(constructor => !constructor.IsStatic && IsVisible(constructor))
        .Where(constructor => type.GetMethod("<Clone>$") is null || !constructor.GetParameters().Select(parameter => parameter.ParameterType).SequenceEqual([type]));

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        PropertyInfo property => Accessors(property).Any(),
        FieldInfo field => field.IsPublic || field.IsFamily,
        _ => false,
    };

    private static IEnumerable<MethodInfo> Accessors(PropertyInfo property) =>
        property.GetAccessors(nonPublic: true).Where(IsVisible).OrderByDescending(accessor => accessor.IsPublic);

    private static string Attributes(MemberInfo member) =>
        (member.IsDefined(typeof(ObsoleteAttribute)) ? "[Obsolete] " : "")
        + (member.GetCustomAttribute<ExperimentalAttribute>() is { } experimental ? $"[Experimental {experimental.DiagnosticId}] " : "");

    private static string Modifiers(MethodBase method)
    {
        var text = method.IsPublic ? "" : "protected ";
        if (method.IsStatic)
        {
            return text + "static ";
        }

        if (method.DeclaringType!.IsInterface || !method.IsVirtual || (method.IsFinal && method is not MethodInfo { IsHideBySig: false }))
        {
            return text;
        }

        return text + (method.IsAbstract ? "abstract " : method is MethodInfo own && own.GetBaseDefinition().DeclaringType != own.DeclaringType ? "override " : "virtual ");
    }

    private static string Method(MethodInfo method)
    {
        var type = TypeText.Of(method.ReturnParameter);
        var name = method.Name switch
        {
            "op_Implicit" => $"implicit operator {type}",
            "op_Equality" => $"{type} operator ==",
            "op_Inequality" => $"{type} operator !=",
            _ => $"{type} {method.Name}",
        };
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeText.Of))}>" : "";
        return $"{name}{generic}({(method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")}{Parameters(method)}){Constraints(method)}";
    }

    private static string Constraints(MethodInfo method) => string.Concat((method.IsGenericMethod ? method.GetGenericArguments() : []).Select(parameter =>
    {
        var bounds = parameter.GetGenericParameterConstraints().Where(bound => bound != typeof(ValueType)).Select(TypeText.Of);
        var special = parameter.GenericParameterAttributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? ["class"] : (string[])[];
        var all = special.Concat(bounds).ToArray();
        return all.Length == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", all)}";
    }));

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsOut ? "out " : parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "")
        + $"{TypeText.Of(parameter)} {parameter.Name}"
        + (parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")));

    private static string Default(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        return parameter.RawDefaultValue switch
        {
            null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
            string text => $"\"{text}\"",
            bool value => value ? "true" : "false",
            double value => value.ToString("0.0###", CultureInfo.InvariantCulture),
            var value when type.IsEnum => $"{type.Name}.{Enum.ToObject(type, value)}",
            var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }

    private static string Property(PropertyInfo property)
    {
        var visible = Accessors(property).ToArray();
        var outer = visible.Any(accessor => accessor.IsPublic);
        var words = new[] { property.GetMethod, property.SetMethod }.Where(accessor => accessor is not null && IsVisible(accessor)).Select(accessor =>
            (outer && !accessor!.IsPublic ? "protected " : "")
            + (accessor == property.GetMethod ? "get"
                : accessor!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set"));
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{required}{TypeText.Of(property)} {property.Name} {{{string.Join(' ', words)}}}";
    }

    private static string Field(FieldInfo field)
    {
        var value = field.IsLiteral && field.GetRawConstantValue() is { } constant
            ? $" = {(constant is string text ? $"\"{text}\"" : Convert.ToString(constant, CultureInfo.InvariantCulture))}"
            : "";
        return $"{(field.IsPublic ? "" : "protected ")}{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{TypeText.Of(field)} {field.Name}{value}";
    }
}
