using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Serialization;
using Dapr.Actors.Client;

namespace Dapr.Actors.Communication;

/// <summary>Classes that exist only at run time: bodies of typed calls, and proxies that implement an actor interface.</summary>
internal static class EmittedTypes
{
    private const string SendField = "Send";
    private static readonly Lock Gate = new();
    private static readonly ModuleBuilder Module =
        AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Dapr.Actors.Emitted"), AssemblyBuilderAccess.Run).DefineDynamicModule("types");

    private static int _count;

    /// <summary>A data contract with public fields. Its name is what goes over the wire, so the namespace alone keeps it apart from others.</summary>
    public static Type Body(string space, string name, (string Name, Type Type)[] fields)
    {
        lock (Gate)
        {
            var type = Module.DefineType($"{space}_{++_count}.{name}", TypeAttributes.Public | TypeAttributes.Sealed);
            type.SetCustomAttribute(new CustomAttributeBuilder(
                typeof(DataContractAttribute).GetConstructor([])!,
                [],
                [typeof(DataContractAttribute).GetProperty(nameof(DataContractAttribute.Namespace))!],
                [RemotingHeaders.Namespace]));
            var member = new CustomAttributeBuilder(typeof(DataMemberAttribute).GetConstructor([])!, []);
            foreach (var field in fields)
            {
                type.DefineField(field.Name, field.Type, FieldAttributes.Public).SetCustomAttribute(member);
            }

            return type.CreateType();
        }
    }

    /// <summary>A class derived from <see cref="ActorProxy"/> whose methods hand their number and arguments to a function that returns the task.</summary>
    public static Type Proxy(Type actorInterface, IReadOnlyList<RemotedMethod> methods)
    {
        lock (Gate)
        {
            var type = Module.DefineType(
                $"{actorInterface.FullName}_{++_count}.Proxy", TypeAttributes.Public | TypeAttributes.Sealed, typeof(ActorProxy), [actorInterface]);
            type.DefineDefaultConstructor(MethodAttributes.Public);
            var send = type.DefineField(SendField, typeof(Func<int, object?[], Task>), FieldAttributes.Public);
            for (var i = 0; i < methods.Count; i++)
            {
                Implement(type, send, methods[i].Method, i);
            }

            return type.CreateType();
        }
    }

    public static void SetSend(ActorProxy proxy, Func<int, object?[], Task> send) => proxy.GetType().GetField(SendField)!.SetValue(proxy, send);

    private static void Implement(TypeBuilder type, FieldInfo send, MethodInfo declared, int number)
    {
        var parameters = declared.GetParameters();
        var method = type.DefineMethod(
            $"{declared.DeclaringType!.FullName}.{declared.Name}",
            MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot,
            declared.ReturnType,
            [.. parameters.Select(parameter => parameter.ParameterType)]);
        type.DefineMethodOverride(method, declared);

        // return (TReturn)this.Send(number, new object[] { argument, ... });
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldfld, send);
        code.Emit(OpCodes.Ldc_I4, number);
        code.Emit(OpCodes.Ldc_I4, parameters.Length);
        code.Emit(OpCodes.Newarr, typeof(object));
        for (var i = 0; i < parameters.Length; i++)
        {
            code.Emit(OpCodes.Dup);
            code.Emit(OpCodes.Ldc_I4, i);
            code.Emit(OpCodes.Ldarg, (short)(i + 1));
            code.Emit(OpCodes.Box, parameters[i].ParameterType);
            code.Emit(OpCodes.Stelem_Ref);
        }

        code.Emit(OpCodes.Callvirt, typeof(Func<int, object?[], Task>).GetMethod("Invoke")!);
        code.Emit(OpCodes.Castclass, declared.ReturnType);
        code.Emit(OpCodes.Ret);
    }
}
