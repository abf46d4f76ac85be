internal import CLDAP
internal import SyncModel

/// Memory for the C structures of one request, taken back all at once by ``reset()``.
///
/// The library encodes a request before its call returns, so that nothing here outlives the call.
final class RequestArena {
    private let block: UnsafeMutableRawPointer
    private let capacity = 65_536
    private var used = 0
    private var overflow: [UnsafeMutableRawPointer] = []

    init() {
        block = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        reset()
        block.deallocate()
    }

    func reset() {
        used = 0
        for piece in overflow { piece.deallocate() }
        overflow.removeAll()
    }

    /// Uninitialised memory; `Element` must be trivial.
    func allocate<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        let size = (max(count, 1) * MemoryLayout<Element>.stride + 15) & ~15
        let piece: UnsafeMutableRawPointer
        if size <= capacity - used {
            piece = block + used
            used += size
        } else {
            piece = .allocate(byteCount: size, alignment: 16)
            overflow.append(piece)
        }
        return piece.bindMemory(to: type, capacity: max(count, 1))
    }

    /// A C string. A NUL inside would cut it off, and so is refused.
    func string(_ text: String, _ kind: LDAPOperationKind) throws(LDAPError) -> UnsafeMutablePointer<CChar> {
        var text = text
        let copied: UnsafeMutablePointer<CChar>? = text.withUTF8 { octets in
            guard !octets.contains(0) else { return nil }
            let copy = allocate(CChar.self, octets.count + 1)
            octets.withMemoryRebound(to: CChar.self) { source in
                if let start = source.baseAddress { copy.update(from: start, count: source.count) }
            }
            copy[octets.count] = 0
            return copy
        }
        guard let copied else { throw .invalidRequest(kind, .parameterError, message: "a NUL in a name or filter") }
        return copied
    }

    func value(_ octets: Octets) -> UnsafeMutablePointer<berval> {
        let copy = allocate(CChar.self, octets.count)
        octets.bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                UnsafeMutableRawPointer(copy).copyMemory(from: start, byteCount: source.count)
            }
        }
        let value = allocate(berval.self, 1)
        value.pointee = berval(bv_len: ber_len_t(octets.count), bv_val: copy)
        return value
    }

    /// An array of pointers that ends with a null pointer.
    func nullTerminated<Element>(
        _ pointers: [UnsafeMutablePointer<Element>]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Element>?> {
        let array = allocate(UnsafeMutablePointer<Element>?.self, pointers.count + 1)
        for (index, pointer) in pointers.enumerated() { array[index] = pointer }
        array[pointers.count] = nil
        return array
    }

    func controls(
        _ controls: [LDAPControl],
        _ kind: LDAPOperationKind
    ) throws(LDAPError) -> UnsafeMutablePointer<UnsafeMutablePointer<ldapcontrol>?>? {
        guard !controls.isEmpty else { return nil }
        var pointers: [UnsafeMutablePointer<ldapcontrol>] = []
        for control in controls {
            let pointer = allocate(ldapcontrol.self, 1)
            pointer.pointee = ldapcontrol(
                ldctl_oid: try string(control.oid, kind),
                ldctl_value: control.value.map { value($0).pointee } ?? berval(),
                ldctl_iscritical: control.isCritical ? 1 : 0
            )
            pointers.append(pointer)
        }
        return nullTerminated(pointers)
    }

    func modification(
        _ operation: Int32,
        _ attribute: String,
        _ values: [Octets],
        _ kind: LDAPOperationKind
    ) throws(LDAPError) -> UnsafeMutablePointer<ldapmod> {
        let pointer = allocate(ldapmod.self, 1)
        pointer.pointee = ldapmod()
        pointer.pointee.mod_op = operation | LDAP_MOD_BVALUES
        pointer.pointee.mod_type = try string(attribute, kind)
        pointer.pointee.mod_vals.modv_bvals = values.isEmpty ? nil : nullTerminated(values.map(value))
        return pointer
    }
}
