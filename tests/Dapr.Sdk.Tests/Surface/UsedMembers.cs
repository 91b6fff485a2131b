using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;

namespace Dapr.Sdk.Tests;

/// <summary>What a built assembly refers to in other assemblies: types and members, as its metadata says.</summary>
internal static class UsedMembers
{
    // Stand for the type parameters of the place that refers; only what they are declared on matters here.
    private static readonly Type[] Arguments = [typeof(object), typeof(object), typeof(object), typeof(object)];

    public static IReadOnlyList<MemberInfo> Of(string assemblyFile, IEnumerable<Assembly> of)
    {
        var names = of.Select(assembly => assembly.GetName().Name!).ToHashSet(StringComparer.Ordinal);
        using var file = new PEReader(File.OpenRead(assemblyFile));
        var metadata = file.GetMetadataReader();
        if (!metadata.AssemblyReferences.Any(handle => names.Contains(metadata.GetString(metadata.GetAssemblyReference(handle).Name))))
        {
            return [];
        }

        var module = new Apart(assemblyFile).LoadFromAssemblyPath(assemblyFile).ManifestModule;
        var types = metadata.TypeReferences
            .Where(handle => names.Contains(AssemblyOf(metadata, handle)))
            .Select(handle => (MemberInfo)module.ResolveType(metadata.GetToken(handle)));
        var members = metadata.MemberReferences
            .Where(handle => names.Contains(AssemblyOf(metadata, metadata.GetMemberReference(handle).Parent)))
            .Select(handle => Definition(module.ResolveMember(metadata.GetToken(handle), Arguments, Arguments)!));
        return [.. types.Concat(members)];
    }

    private static string AssemblyOf(MetadataReader metadata, EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.TypeReference:
                var scope = metadata.GetTypeReference((TypeReferenceHandle)handle).ResolutionScope;
                return scope.Kind == HandleKind.AssemblyReference
                    ? metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)scope).Name)
                    : AssemblyOf(metadata, scope);
            case HandleKind.TypeSpecification:
                // A generic type with its arguments: the blob begins with "generic instance of class or value type", then the type.
                var blob = metadata.GetBlobReader(metadata.GetTypeSpecification((TypeSpecificationHandle)handle).Signature);
                return blob.ReadSignatureTypeCode() == SignatureTypeCode.GenericTypeInstance && blob.ReadByte() is 0x11 or 0x12
                    ? AssemblyOf(metadata, blob.ReadTypeHandle())
                    : "";
            default:
                return "";
        }
    }

    // Of Workflow<Job, Done>.RunAsync the member that Workflow<,> declares.
    private static MemberInfo Definition(MemberInfo member) => member.DeclaringType is { IsGenericType: true } type
        ? type.GetGenericTypeDefinition().Module.ResolveMember(member.MetadataToken)!
        : member;

    // Assemblies of different apps share names; those of sdk/ are the ones that these tests run with.
    private sealed class Apart(string assemblyFile) : AssemblyLoadContext
    {
        private readonly AssemblyDependencyResolver _resolver = new(assemblyFile);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            Default.Assemblies.Any(loaded => loaded.GetName().Name == assemblyName.Name) || _resolver.ResolveAssemblyToPath(assemblyName) is not { } path
                ? null
                : LoadFromAssemblyPath(path);
    }
}
