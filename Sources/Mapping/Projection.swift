package import SyncModel

/// A value that the side would refuse; the attribute is left out of what is written.
package struct InvalidValue: Hashable, Comparable, Sendable {
    /// The side's attribute, in lower case.
    package var attribute: String
    /// What the side demands. Holds nothing of the value.
    package var reason: String

    package init(attribute: String, reason: String) {
        self.attribute = attribute
        self.reason = reason
    }

    package static func < (lhs: InvalidValue, rhs: InvalidValue) -> Bool {
        (lhs.attribute, lhs.reason) < (rhs.attribute, rhs.reason)
    }
}

/// What an entry must change so that it shows a canonical target.
package struct Projection: Hashable, Sendable {
    /// In the replica's form: references as `Reference.octets`. Sorted by name, real differences only, without what is renamed.
    package var changes: [AttributeChange] = []
    /// Where the RDN attribute changes: the entry must be renamed.
    package var newRDN: RelativeDistinguishedName?
    /// Sorted: pairs that a value names and that are not yet on this side. The attribute is left out until they are.
    package var waitsFor: [PairID] = []
    /// An attribute of this side that must have a value for which there is none.
    package var missingRequired: String?
    /// Sorted: values that this side would refuse. Their attributes are left out.
    package var invalid: [InvalidValue] = []

    package init() {}

    package var isEmpty: Bool {
        changes.isEmpty && newRDN == nil && waitsFor.isEmpty && missingRequired == nil && invalid.isEmpty
    }
}

/// An entry to be created that shows a canonical target.
package struct NewEntry: Hashable, Sendable {
    package var rdn: RelativeDistinguishedName
    package var objectClasses: [String]
    /// In the replica's form, with the RDN attribute, without objectClass.
    package var attributes: Attributes
    /// Sorted: pairs that a value names and that are not yet on this side. The attribute is left out until they are.
    package var waitsFor: [PairID]
    /// An attribute of this side that must have a value for which there is none. The entry can't be created.
    package var missingRequired: String?
    /// Sorted: values that this side would refuse. Their attributes are left out, unless the RDN is among them.
    package var invalid: [InvalidValue]

    package init(
        rdn: RelativeDistinguishedName,
        objectClasses: [String],
        attributes: Attributes,
        waitsFor: [PairID] = [],
        missingRequired: String? = nil,
        invalid: [InvalidValue] = []
    ) {
        self.rdn = rdn
        self.objectClasses = objectClasses
        self.attributes = attributes
        self.waitsFor = waitsFor
        self.missingRequired = missingRequired
        self.invalid = invalid
    }
}
