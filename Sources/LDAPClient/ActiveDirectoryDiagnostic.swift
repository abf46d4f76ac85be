/// What Active Directory tells in a diagnostic message besides the result code: a Windows error code, as in
/// `0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0` or
/// `80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v3839`.
package struct ActiveDirectoryDiagnostic: Sendable, Hashable {
    package enum Hint: Sendable, Hashable {
        case accessDenied
        case accountDisabled
        case accountExpired
        case accountLockedOut
        case accountRestricted
        case logonHours
        case logonWorkstation
        case memberAlreadyInGroup
        case memberNotInGroup
        case nameExists
        case noSuchObject
        case noSuchUser
        case passwordExpired
        case passwordMustChange
        case passwordPolicy
        case principalNameTaken
        case wrongOldPassword
        case wrongPassword
    }

    /// The Windows error code: that after `data` where the message is about a bind, else the leading one.
    package let windowsCode: UInt32
    /// What the code means, where it is one of those that matter here.
    package var hint: Hint? { Self.hints[windowsCode] }

    /// nil where `message` isn't of this form.
    package init?(_ message: String) {
        let octets = Array(message.utf8.prefix(1024))
        guard octets.count > 8, octets[8] == UInt8(ascii: ":"), let leading = hexadecimal(octets[..<8]) else {
            return nil
        }
        // A bind's own code stands behind "data": the leading one only says that a security package refused it.
        if leading >= 0x8000_0000, let code = codeAfterData(octets) {
            windowsCode = code
        } else {
            windowsCode = leading
        }
    }

    private static let hints: [UInt32: Hint] = [
        0x5: .accessDenied,
        0x56: .wrongOldPassword,
        0x524: .nameExists,
        0x525: .noSuchUser,
        0x52D: .passwordPolicy,
        0x52E: .wrongPassword,
        0x52F: .accountRestricted,
        0x530: .logonHours,
        0x531: .logonWorkstation,
        0x532: .passwordExpired,
        0x533: .accountDisabled,
        0x561: .memberNotInGroup,
        0x562: .memberAlreadyInGroup,
        0x701: .accountExpired,
        0x773: .passwordMustChange,
        0x775: .accountLockedOut,
        0x2030: .noSuchObject,
        0x2071: .nameExists,
        0x2098: .accessDenied,
        0x208D: .noSuchObject,
        0x21C7: .principalNameTaken,
        0x21C8: .principalNameTaken,
    ]
}

private func hexadecimal(_ octets: ArraySlice<UInt8>) -> UInt32? {
    guard !octets.isEmpty, octets.count <= 8 else { return nil }
    var number: UInt32 = 0
    for octet in octets {
        switch octet {
        case 0x30...0x39: number = number << 4 | UInt32(octet - 0x30)
        case 0x41...0x46: number = number << 4 | UInt32(octet - 0x37)
        case 0x61...0x66: number = number << 4 | UInt32(octet - 0x57)
        default: return nil
        }
    }
    return number
}

private func codeAfterData(_ octets: [UInt8]) -> UInt32? {
    let marker = Array(" data ".utf8)
    guard octets.count > marker.count else { return nil }
    for start in 0..<(octets.count - marker.count) where octets[start..<(start + marker.count)].elementsEqual(marker) {
        let digits = octets[(start + marker.count)...].prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: " ") }
        return hexadecimal(digits)
    }
    return nil
}
