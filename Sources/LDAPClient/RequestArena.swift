internal import CLDAP
internal import Glibc
internal import SyncModel

/// Memory for the C structures of one request, taken back all at once by ``reset()``.
///
/// The library encodes a request before its call returns, so that nothing here outlives the call.
final class RequestArena {
    private let block: UnsafeMutableRawPointer
    private let capacity = 65_536
    private var used = 0
    private var overflow: [UnsafeMutableRawBufferPointer] = []

    init() {
        block = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        reset()
        block.deallocate()
    }

    /// Wipes what was in it, since that may be a password.
    func reset() {
        explicit_bzero(block, used)
        used = 0
        for piece in overflow {
            explicit_bzero(piece.baseAddress!, piece.count)
            piece.deallocate()
        }
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
            overflow.append(UnsafeMutableRawBufferPointer(start: piece, count: size))
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

    func value(_ octets: any SensitiveOctets) -> UnsafeMutablePointer<berval> {
        octets.withOctets { source in
            let copy = allocate(CChar.self, source.count)
            if let start = source.baseAddress {
                UnsafeMutableRawPointer(copy).copyMemory(from: start, byteCount: source.count)
            }
            let value = allocate(berval.self, 1)
            value.pointee = berval(bv_len: ber_len_t(source.count), bv_val: copy)
            return value
        }
    }

    /// What unicodePwd takes: the password in quotes, in UTF-16, little-endian ([MS-ADTS] 3.1.1.3.1.5).
    func quotedUTF16(
        _ octets: any SensitiveOctets,
        _ kind: LDAPOperationKind
    ) throws(LDAPError) -> UnsafeMutablePointer<berval> {
        let value = octets.withOctets { source -> UnsafeMutablePointer<berval>? in
            // UTF-16 has no more units than UTF-8 has octets.
            let units = allocate(UInt16.self, source.count + 2)
            var count = 0
            func append(_ unit: UInt16) {
                units[count] = unit.littleEndian
                count += 1
            }
            append(0x22)
            let isBroken = transcode(
                source.makeIterator(),
                from: UTF8.self,
                to: UTF16.self,
                stoppingOnError: true,
                into: append
            )
            append(0x22)
            guard !isBroken else { return nil }
            let value = allocate(berval.self, 1)
            let start = UnsafeMutableRawPointer(units).assumingMemoryBound(to: CChar.self)
            value.pointee = berval(bv_len: ber_len_t(count * 2), bv_val: start)
            return value
        }
        guard let value else { throw .invalidRequest(kind, .parameterError, message: "the password is not UTF-8") }
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
        pointer.pointee.mod_vals.modv_bvals = values.isEmpty ? nil : nullTerminated(values.map { value($0) })
        return pointer
    }

    func modification(
        _ operation: Int32,
        _ attribute: String,
        _ value: UnsafeMutablePointer<berval>,
        _ kind: LDAPOperationKind
    ) throws(LDAPError) -> UnsafeMutablePointer<ldapmod> {
        let pointer = try modification(operation, attribute, [], kind)
        pointer.pointee.mod_vals.modv_bvals = nullTerminated([value])
        return pointer
    }
}
